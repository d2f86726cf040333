# SPDX-License-Identifier: GPL-2.0-only
#
# What the headers being built against offer, for compat.h. The headers are
# asked, not their version: distributions backport.
#
# $(call have,MACRO,header below include/linux,basic regular expression); make
# wants no parenthesis or comma in the expression: "." stands for them.
have = $(if $(shell grep -s '$(3)' $(srctree)/include/linux/$(2)),-D$(1))

ccflags-y += $(call have,HAVE_CRC32C_LE,crc32.h,__crc32c_le.u32 crc)
ccflags-y += $(call have,HAVE_EVENTFD_SIGNAL_COUNT,eventfd.h,eventfd_signal.struct eventfd_ctx .ctx. __u64 n)
ccflags-y += $(call have,HAVE_HRTIMER_SETUP,hrtimer.h,void hrtimer_setup.struct)
ccflags-y += $(call have,HAVE_SYSTEM_DFL_WQ,workqueue.h,struct workqueue_struct .system_dfl_wq)
ccflags-y += $(call have,HAVE_VFIO_IOMMUFD,vfio.h,.bind_iommufd..struct vfio_device)
ccflags-y += $(call have,HAVE_VFIO_IOMMUFD_DETACH,vfio.h,.detach_ioas..struct vfio_device)
ccflags-y += $(call have,HAVE_VFIO_REGION_INFO_CAPS,vfio.h,.get_region_info_caps..struct vfio_device)
ccflags-y += $(call have,HAVE_VFIO_DEVICE_INODE,vfio.h,struct inode .inode;)
ccflags-y += $(call have,HAVE_VM_FLAGS_SET,mm.h,void vm_flags_set.struct)
