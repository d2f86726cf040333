#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs all test programs of this directory, as root, on the machine it is
# called on. The last line is "N passed, N failed, N skipped"; the exit status
# is 0 if none failed.
#
# Arguments: the programs to run, if not all of them.
# Environment: VFIO_TEST_DEVICE (a device instead of mtty mdevs), VFIO_TEST_PEER
# (another of its type, to migrate to),
# VFIO_TEST_IOMMU=container|iommufd, VFIO_TEST_SEED, VFIO_TEST_RACE_MS,
# VFIO_TEST_BREAKS (a rule of params/breaks of test devices).

cd "$(dirname "$0")" || exit 1

# module_test comes last: it takes the modules away and brings them back.
if [ $# -eq 0 ]; then
	set -- open_test info_test region_test config_test decode_test \
		uart_test uart_line_test uart_irq_test intx_test msi_test \
		err_req_test set_irqs_test lifecycle_test \
		express_test reset_test error_test level_test timer_test \
		mmap_test mmap_fault_test mmap_file_test track_test \
		dma_test dma_life_test dirty_test msix_test \
		mig_arc_test mig_file_test mig_stream_test mig_reset_test \
		mig_fd_test mig_fault_test mig_stop_test mig_irq_test mig_uart_test \
		mig_precopy_test mig_log_test mig_many_test mig_fail_nth_test \
		mdev_test fail_nth_test fail_nth_memory_test race_test mdev_race_test \
		memory_race_test irq_race_test dma_race_test close_race_test \
		mig_race_test module_test
fi

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
passed=0
failed=0
skipped=0

# What a program that was killed could not remove itself.
sweep()
{
	for dev in /sys/bus/mdev/devices/5e1f7e57-*; do
		[ -e "$dev/remove" ] && echo 1 > "$dev/remove"
	done
}

# Taint flags without those of unsigned and out-of-tree modules, and whether
# lockdep has given up: both change with a splat.
kernel_state()
{
	if [ -r /proc/sys/kernel/tainted ]; then
		echo $(($(cat /proc/sys/kernel/tainted) & ~(1 << 12 | 1 << 13)))
	fi
	grep -s debug_locks /proc/lockdep_stats
}

count()
{
	grep -c "$1" "$log"
}

run()
{
	echo "# === $1"
	before=$(kernel_state)
	start=$(date +%s)
	# The status of the program itself, not of tee.
	status=$( { { timeout -s KILL 600 ./"$1" 2>&1; echo $? >&3; } |
		tee "$log" >&4; } 3>&1 ) 4>&1
	sweep

	ok=$(count '^ok ')
	skip=$(count '^ok .* # SKIP')
	bad=$(count '^not ok ')
	plan=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$log")
	passed=$((passed + ok - skip))
	skipped=$((skipped + skip))
	failed=$((failed + bad))

	# Tests that were planned but never reported are failures as well.
	if [ $((ok + bad)) -ne "${plan:-1}" ]; then
		echo "not ok - $1: $((ok + bad)) of ${plan:-?} tests, status $status"
		failed=$((failed + 1))
	elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		echo "not ok - $1: status $status"
		failed=$((failed + 1))
	fi
	if [ "$(kernel_state)" != "$before" ]; then
		echo "not ok - $1: the kernel complained, see dmesg"
		failed=$((failed + 1))
	fi
	echo "# $1 took $(($(date +%s) - start)) s"
}

if [ -z "$VFIO_TEST_DEVICE" ] && [ ! -d /sys/class/mdev_bus/mtty ]; then
	if ! modprobe mtty; then
		echo "not ok - cannot load mtty"
		echo "0 passed, 1 failed, 0 skipped"
		exit 1
	fi
fi

# Without it the tests that are about it skip.
[ -d /sys/class/mdev_bus/vdev_test ] || modprobe -q vdev_test

for prog; do
	run "$prog"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
