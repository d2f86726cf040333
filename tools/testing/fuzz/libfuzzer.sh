# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# How a fuzz target is built and run, for the scripts that say of what it
# consists. KTAP with one test; the last line counts.
#
#	fuzz_begin NAME OUTPUT		begins, or skips without clang
#	fuzz_build ARGUMENT...		arguments of clang, from $top
#	fuzz_run SECONDS ARGUMENT...	arguments of libFuzzer; ends the script
#
# $top, which the script sets, is the tree. What a run has found interesting stays in OUTPUT/corpus for
# the next one, what it has found wrong is in OUTPUT/crash-* and the like.

: "${top:?}"

fuzz_verdict()
{
	echo "$1 1 fuzz: $2"
	case "$1 $2" in
	*' # SKIP'*) echo "0 passed, 0 failed, 1 skipped" ;;
	ok*) echo "1 passed, 0 failed, 0 skipped" ;;
	*) echo "0 passed, 1 failed, 0 skipped" ;;
	esac
	[ "$1" = ok ]
	exit
}

can_fuzz()
{
	echo 'int LLVMFuzzerTestOneInput(char *d, long n) { return !d && n; }' |
		clang -x c -fsanitize=fuzzer,address - -o "$fuzz_output/probe" \
			2>/dev/null
}

fuzz_begin()
{
	fuzz_name=$1 fuzz_output=$2
	echo "KTAP version 1"
	echo "1..1"
	mkdir -p "$fuzz_output/corpus" || exit
	# Where clang keeps its libraries depends on its version: only ask for it.
	can_fuzz || "$top/tools/testing/need" clang:clang \
		/libFuzzer:libclang-rt-dev >&2
	can_fuzz || fuzz_verdict ok \
		"$fuzz_name # SKIP no clang with libFuzzer: apt-get install clang libclang-rt-dev"
	cd "$top" || exit
}

# One compiler run: all of it is to be instrumented.
fuzz_build()
{
	clang -std=gnu11 -O1 -g -fno-omit-frame-pointer \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-Itools/include -Iinclude "$@" -o "$fuzz_output/target" >&2 ||
		fuzz_verdict "not ok" "$fuzz_name: does not build"
}

fuzz_run()
{
	fuzz_seconds=$1
	shift
	"$fuzz_output/target" -timeout=20 -max_total_time="$fuzz_seconds" \
		-print_final_stats=1 -artifact_prefix="$fuzz_output/" "$@" \
		"$fuzz_output/corpus" >"$fuzz_output/log" 2>&1
	status=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: //p' "$fuzz_output/log")
	cover=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$fuzz_output/log" | tail -n 1)
	if [ $status -ne 0 ]; then
		tail -n 60 "$fuzz_output/log" | sed 's/^/# /'
		fuzz_verdict "not ok" "$fuzz_name: status $status, see $fuzz_output/log"
	fi
	fuzz_verdict ok "$fuzz_name, $runs inputs in $fuzz_seconds s, $cover edges covered"
}
