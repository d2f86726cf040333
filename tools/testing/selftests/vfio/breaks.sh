#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests the tests: with a rule broken by the test device the test named below
# must fail, and with the device intact it must pass. Runs as root; writes KTAP,
# and the last line is "N passed, N failed, N skipped".
#
# Arguments: the rules to break, if not all of them.

cd "$(dirname "$0")" || exit 1

# Each rule, and a program and its test that sees it broken.
list()
{
	cat <<END
reset-scratch	reset_test	function_level
level-lost	level_test	until_it_falls
level-stuck	level_test	until_it_falls
message-lost	reset_test	keeps_eventfds
message-twice	reset_test	keeps_eventfds
message-wrong	reset_test	keeps_eventfds
dma-short	dma_test	to_memory
dma-long	dma_test	to_memory
dma-silent	dma_test	unmapped
timer-early	timer_test	once_and_not_early
timer-lost	timer_test	seen_by_polling
timer-twice	timer_test	once_and_not_early

info-argsz	info_test	argsz
info-pci	info_test	device
info-reset	info_test	reset_as_claimed
info-regions	info_test	regions
info-irqs	info_test	irqs
region-beyond	info_test	index_out_of_range
region-overlap	info_test	regions
region-size	region_test	read_across_the_end
region-flags	info_test	access_as_claimed
irq-beyond	info_test	index_out_of_range
irq-count	info_test	irqs
irq-eventfd	info_test	irqs
irqs-range	err_req_test	loopback
irqs-argsz	info_test	irq_set_argsz
irqs-unbound	err_req_test	loopback
irqs-kept	err_req_test	unbind
read-beyond	region_test	read_beyond_the_end
read-short	region_test	vectors
write-beyond	region_test	write_beyond_the_end
write-dropped	level_test	until_it_falls
reset-ignored	reset_test	other_ways
reset-refused	info_test	reset_as_claimed
ioctl-unknown	info_test	unknown_ioctls
feature-unknown	info_test	feature_unknown
mmap-anything	mmap_test	not_these_parts
mmap-other	mmap_test	both_ends
request-silent	error_test	removal_asks

mig-level	mig_irq_test	level_moves
mig-register	mig_precopy_test	registers
mig-page	mig_precopy_test	memory_arrives
mig-enomsg	mig_file_test	precopy_ends_for_now
mig-read-short	mig_file_test	no_short_reads
mig-data-size	mig_file_test	data_size
mig-precopy-info	mig_file_test	precopy_info_states
mig-initial-grows	mig_file_test	precopy_info_counts
mig-bad-stream	mig_stream_test	truncated
mig-trailing	mig_stream_test	more_than_all
mig-reset-stop	mig_reset_test	in_each_state
mig-reopen	mig_reset_test	close_in_each_state
mig-file-reset	mig_reset_test	in_each_state
END
}

readonly PARENT=/sys/class/mdev_bus/vdev_test
readonly UUID=5e1f7e57-0000-4000-8000-00000000b4ea
readonly DEVICE=/sys/bus/mdev/devices/$UUID
readonly LIMIT=60

log=$(mktemp) || exit 1
good=
number=0
passed=0
failed=0

clean_up()
{
	[ -e $DEVICE/remove ] && echo 1 >$DEVICE/remove
	rm -f "$log"
}
trap clean_up EXIT

# with_rule RULE PROGRAM TEST: its output is in $log. One program makes its own
# device, another takes the one it is told.
with_rule()
{
	echo $UUID >$PARENT/mdev_supported_types/vdev_test-pcie/create &&
		echo "$1" >$DEVICE/params/breaks || return
	VFIO_TEST_DEVICE=$UUID VFIO_TEST_BREAKS=$1 \
		timeout -s KILL $LIMIT ./"$2" -t "$3" >"$log" 2>&1
	echo 1 >$DEVICE/remove
}

verdict()
{
	number=$((number + 1))
	if [ -z "$2" ]; then
		passed=$((passed + 1))
		echo "ok $number $1"
	else
		failed=$((failed + 1))
		sed 's/^/# /' "$log"
		echo "not ok $number $1: $2"
	fi
}

# Does the test pass with an intact device? One that skips, or is not there, has
# not seen anything.
passes()
{
	case $good in *" $1:$2 "*) return ;; esac
	with_rule nothing "$1" "$2"
	! grep -q '^not ok ' "$log" &&
		grep '^ok ' "$log" | grep -qv SKIP &&
		good="$good $1:$2 "
}

check()
{
	why=
	if ! passes "$2" "$3"; then
		why="$2: $3 does not pass with an intact device"
	else
		with_rule "$1" "$2" "$3"
		grep -q "^not ok .*$3" "$log" || why="$2: $3 does not see it"
	fi
	verdict "$1" "$why"
}

[ -d $PARENT ] || modprobe vdev_test || exit 1
rules=${*:-$(list | cut -sf 1)}
echo "KTAP version 1"
echo "1..$(($(echo "$rules" | wc -w) + 1))"
for rule in $rules; do
	# shellcheck disable=SC2046 # program and test are two words
	check "$rule" $(list | sed -n "s/^$rule\t//p")
done

# What the device can break and the list above does not name was never looked at.
echo $UUID >$PARENT/mdev_supported_types/vdev_test-pcie/create
missing=
read -r all <$DEVICE/params/breaks_available
for rule in $all; do
	[ "$rule" = nothing ] || list | grep -q "^$rule	" ||
		missing="$missing $rule"
done
: >"$log"
verdict "every rule has a test" "$missing"

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
