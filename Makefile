# SPDX-License-Identifier: GPL-2.0-only
#
# For people: "make help". kbuild reads Kbuild instead.
KDIR ?= /lib/modules/$(shell uname -r)/build

# The configuration of an external build: all of it, as modules.
CONFIGS := CONFIG_VFIOKIT_VMIG=m CONFIG_VFIOKIT_VDEV=m CONFIG_VFIOKIT_MTTY=m
VM := tools/testing/vm/vm
KBUILD = $(MAKE) -C $(KDIR) M=$(CURDIR) $(CONFIGS)

# For tests only, see samples/vfio-mdev/vdev_test_model.c: make VDEV_TEST=m
CONFIGS += $(if $(VDEV_TEST),CONFIG_VFIOKIT_TEST=m)

.PHONY: modules model modules_install clean help demo check bench htmldocs
.PHONY: check-static unit fuzz
.DEFAULT_GOAL := modules

modules: $(KDIR)
	+$(KBUILD) modules

# What the kernel calls itself; "make kernelrelease" works it out anew, and with
# some headers packages comes to another answer.
release = $(shell sed -n 's/^.*UTS_RELEASE "\(.*\)"$$/\1/p' $(1))

# A model that lies elsewhere: its directory has a Kbuild file, and the rest of
# what kbuild has to know is said here.
model: modules
	$(if $(MODEL),,$(error which model? make model MODEL=DIRECTORY))
	+$(MAKE) -C $(KDIR) M=$(abspath $(MODEL)) KCPPFLAGS=-I$(CURDIR)/include \
		KBUILD_EXTRA_SYMBOLS=$(CURDIR)/Module.symvers modules

# Some headers packages lack what modules_install would run depmod with.
modules_install: $(KDIR)
	+$(KBUILD) modules_install
	depmod $(if $(INSTALL_MOD_PATH),-b $(INSTALL_MOD_PATH)) \
		$(call release,$(KDIR)/include/generated/utsrelease.h)

clean:
	+$(if $(wildcard $(KDIR)),$(KBUILD) clean)
	rm -rf build

# Reached only if the directory is missing.
$(KDIR):
	@echo "No kernel headers at $(KDIR)." >&2
	@echo "Install them (Debian: apt install linux-headers-$$(uname -r))," >&2
	@echo "or name others: make KDIR=/lib/modules/VERSION/build" >&2
	@exit 1

help:
	@echo 'Modules:'
	@echo '  modules          build vmig.ko, vdev.ko and mtty.ko (default)'
	@echo '  model MODEL=DIR  build a model of yours; see Documentation/driver-api'
	@echo '  modules_install  install them below /lib/modules (INSTALL_MOD_PATH=)'
	@echo '  clean            remove what was built'
	@echo '  KDIR=DIR         kernel headers or build tree (now: $(KDIR))'
	@echo '  W=1 C=2 V=1      as in the kernel'
	@echo
	@echo 'Without loading anything into this kernel:'
	@echo '  demo             a QEMU guest talks through an mtty, from start to end'
	@echo '  check            every test, on every kernel; ends with one line of counts'
	@echo '  check-static     checkpatch, sparse, W=1, shellcheck, documentation'
	@echo '  unit             the portable code in user space, under ASAN and UBSAN'
	@echo '  fuzz SECONDS=N   libFuzzer: the reader of vmig'"'"'s stream and vdevd, N s each'
	@echo '  bench            speed beside the in-tree samples; writes build/bench.json'
	@echo '  htmldocs         the documentation, into build/html'

demo:
	tools/demo/demo

check:
	tools/testing/check

check-static:
	tools/testing/static/check

unit:
	+$(MAKE) -C tools/testing/unit check

SECONDS = 600
fuzz:
	+$(MAKE) -C tools/testing/fuzz SECONDS=$(SECONDS)
	+$(MAKE) -C tools/testing/vfio-user fuzz SECONDS=$(SECONDS)

bench:
	tools/testing/bench/bench

htmldocs:
	tools/docs/htmldocs
