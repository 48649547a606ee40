#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: timeout=400 inputs=tests/run
#
# The runner itself, on a small project with a lab of straw: every way to fail
# is counted, one boot serves a group, nothing outlives it.

set -euo pipefail
. tests/ktap.sh
ktap_begin

scratch=$(mktemp -d)
ktap_at_exit rm -rf "$scratch"
mkdir -p "$scratch"/{scripts,tests/{static,scenarios,kunit,lab/test}}
cp -r tests/run tests/runner tests/ktap.sh "$scratch/tests/"
cd "$scratch"
export XDG_CACHE_HOME=$scratch/cache
unset CHECK_FRESH LONG

script() {
	mkdir -p "$(dirname "$1")"
	{
		echo '#!/bin/bash'
		cat
	} >"$1"
	chmod +x "$1"
}

for maker in scripts/deps scripts/build-modules scripts/build-tool tests/lab/deps \
	tests/lab/kernel tests/lab/rootfs; do
	script "$maker" <<<'true'
done
script tests/lab/lab <<'LAB'
echo "$1 in ${LAB_DIR##*/}" >>"$STRAW"
case $1 in
up) mkdir -p "$LAB_DIR"; echo "[ 0.0] booted" >"$LAB_DIR/node1.console" ;;
esac
LAB
export STRAW=$scratch/straw

# runs PATTERN STATUS SUMMARY: the runner's status and its last line
runs() {
	local status=0
	: >"$STRAW"
	tests/run --only "$1" >run.out || status=$?
	cat run.out
	((status == $2)) && [[ $(tail -n 1 run.out) == "$3" ]]
}

# one NAME SUMMARY: a test file, its text on stdin, alone in the run
one() {
	local status=0
	script "tests/static/$1.sh"
	[[ $2 == *" 0 failed"* ]] || status=1
	check "$1: $2" runs "static/$1" "$status" "$2"
}

one passes "2 passed, 0 failed, 0 skipped" <<'T'
printf '%s\n' 'KTAP version 1' '1..2' 'ok 1 a' 'ok 2 b'
T
one fails "1 passed, 1 failed, 0 skipped" <<'T'
printf '%s\n' 'KTAP version 1' '1..2' 'ok 1 a' 'not ok 2 b'; exit 1
T
one skips "1 passed, 0 failed, 1 skipped" <<'T'
printf '%s\n' 'KTAP version 1' '1..2' 'ok 1 a' 'ok 2 b # SKIP no such device'
T
expect_text "the end of a run says why" "  static/skips: b: no such device"
one skips-silently "1 passed, 1 failed, 0 skipped" <<'T'
printf '%s\n' 'KTAP version 1' '1..2' 'ok 1 a' 'ok 2 b # SKIP'
T
one nests "2 passed, 1 failed, 0 skipped" <<'T'
printf '%s\n' 'KTAP version 1' '1..2' '    1..2' '    ok 1 a' '    not ok 2 b' 'not ok 1 s' 'ok 2 c'
T
one fails-as-a-whole "1 passed, 1 failed, 0 skipped" <<'T'
printf '%s\n' 'KTAP version 1' '1..1' '    1..1' '    ok 1 a' 'not ok 1 s'
T
one dies-early "1 passed, 1 failed, 0 skipped" <<'T'
printf '%s\n' 'KTAP version 1' '1..2' 'ok 1 a'
T
one has-no-plan "1 passed, 1 failed, 0 skipped" <<'T'
printf '%s\n' 'KTAP version 1' 'ok 1 a'
T
one says-nothing "0 passed, 1 failed, 0 skipped" <<'T'
true
T
one ends-badly "1 passed, 1 failed, 0 skipped" <<'T'
printf '%s\n' 'KTAP version 1' '1..1' 'ok 1 a'; exit 3
T
one counts-wrong "1 passed, 2 failed, 0 skipped" <<'T'
printf '%s\n' 'KTAP version 1' '1..2' 'ok 2 a'
T
one takes-long "1 passed, 1 failed, 0 skipped" <<T
# test: timeout=1
printf '%s\n' 'KTAP version 1' '1..1' 'ok 1 a'
sleep 1234 & echo \$! >$scratch/sleeper
wait
T
nothing_left() { ! kill -0 "$(cat "$scratch/sleeper")"; }
check "what ran out of time is gone with its children" nothing_left
check "a pattern nothing matches fails" runs no-such-test 2 "0 passed, 0 failed, 0 skipped"

# fails_with TEXT: nothing runs, for this reason
fails_with() {
	local status=0
	tests/run --list >run.out 2>&1 || status=$?
	cat run.out
	((status)) && grep -qF "$1" run.out
}

# --- groups ------------------------------------------------------------------

scenario() {
	{
		echo "# lab: kernel=$2"
		printf '%s\n' "$3"
		# shellcheck disable=SC2016,SC2028
		echo 'printf "%s\n" "KTAP version 1" "1..1" "${result:-ok} 1 a"'
	} | script "tests/scenarios/$1.sh"
}

# shellcheck disable=SC2016
complaint='echo "[ 1.0] BUG: KASAN: use-after-free" >>"$LAB_DIR/node1.console"'
scenario a stock,debug ''
scenario b stock ''
check "scenarios run once a kernel, and the modules unload" \
	runs scenarios 0 "5 passed, 0 failed, 0 skipped"
boots_are() { [[ $(grep -c '^up' "$STRAW") == "$1" && $(grep -c '^down' "$STRAW") == "$1" ]]; }
check "one boot serves the scenarios of a kernel" boots_are 2
scenario b stock 'result="not ok"'
scenario c stock ''
check "a failed scenario" runs @stock 1 "3 passed, 1 failed, 0 skipped"
check "the next one has a new boot" boots_are 2
scenario b stock "$complaint"
check "a kernel's complaint fails the test that ran" runs @stock 1 "4 passed, 1 failed, 0 skipped"
expect_text "and is shown" "BUG: KASAN: use-after-free"
expect_text "with the console" "[ 0.0] booted"
rm tests/scenarios/*
for name in {a..h}; do
	scenario "$name" stock 'sleep 0.5'
done
scenario i debug ''
check "each of many scenarios runs once" runs scenarios 0 "12 passed, 0 failed, 0 skipped"
check "a second lab has helped with them" boots_are 3
each_once() { [[ $(grep -c 'ok .* scenarios/.@stock:' run.out) == 8 ]]; }
check "and none was run by both" each_once
rm tests/scenarios/[d-i].sh
sed -i 's/^up)/up) exit 1/' tests/lab/lab
check "a lab that does not boot fails each" runs @stock 1 "0 passed, 3 failed, 0 skipped"

# --- scenarios in the kernel that is a process ------------------------------------------

# What the file says decides what becomes of it.
script tests/lab/um <<'UM'
[[ $1 == scenario ]]
mkdir -p "$LAB_DIR"
console=$LAB_DIR/um.console
echo "up um" >>"$STRAW"
echo "[ 0.0] booted" >"$console"
printf '%s\n' 'KTAP version 1' '    KTAP version 1'
. "${@: -1}"
printf '%s\n' "    ${result:-ok} 1 a ${WORLD-}" '    1..1' "${result:-ok} 1 file" \
	"${lost:-ok} 2 unloads" '1..2'
[[ -z $result$lost ]]
UM
um_boots_are() { [[ $(grep -c '^up um' "$STRAW") == "$1" ]]; }
rm tests/scenarios/*
# processed NAME HEADER TEXT: a scenario that the straw reads
processed() { printf '%s\n' '#!/bin/bash' "# lab: kernel=$2" "$3" >"tests/scenarios/$1.py"
	chmod +x "tests/scenarios/$1.py"; }
processed a 'um worlds=A,B test_worlds=B' ''
processed b 'um' ''
check "scenarios in the process, each with its unloading" runs @um 0 "4 passed, 0 failed, 0 skipped"
expect_text "in their worlds" "ok      scenarios/a@um/B: 2 passed"
check "each has a boot" um_boots_are 2
processed a um 'result="not ok"'
check "one that fails" runs @um 1 "3 passed, 1 failed, 0 skipped"
processed a um 'lost="not ok"'
check "one that leaks" runs @um 1 "3 passed, 1 failed, 0 skipped"
expect_text "is told from its tests" "  scenarios/a@um: unloads"
# shellcheck disable=SC2016
processed a um 'echo "[ 1.0] BUG: KASAN: use-after-free" >>"$console"'
check "one of which the kernel complains" runs @um 1 "4 passed, 1 failed, 0 skipped"
expect_text "with the console" "[ 0.0] booted"
processed a um 'exit 125'
check "one that ends the kernel" runs @um 1 "2 passed, 2 failed, 0 skipped"
expect_text "is named" "scenarios/a@um: the kernel ended in it"
processed a 'um timeout=1' "sleep 1234 & echo \$! >$scratch/sleeper; wait"
check "one that hangs" runs @um 1 "2 passed, 2 failed, 0 skipped"
expect_text "ran out of time" "scenarios/a@um: ran out of time (1 s)"
check "and is gone with its children" nothing_left
processed a 'um nodes=3' ''
check "one with several nodes is refused" fails_with "tests/scenarios/a.py: on um there is one node"
rm tests/scenarios/* tests/lab/um

# --- times -----------------------------------------------------------------------

timed() { grep -qE "^$1	$2	[0-9]+\.[0-9]\$" build/logs/times.tsv; }
sed -i 's/^up) exit 1/up)/' tests/lab/lab
scenario a stock ''
check "a run that is timed" runs scenarios,static/passes 0 "4 passed, 0 failed, 0 skipped"
check "a scenario's time, with its kernel" timed scenarios/a@stock stock
check "a lab's boot" timed 'boot scenarios@stockx1' stock
check "a test without a kernel" timed static/passes -
check "what was made before" timed modules-stock -
kept() { grep -q "^scenarios/a@stock	" "$scratch/cache/braid/times.tsv"; }
check "the next run knows" kept

# --- results that are remembered ---------------------------------------------------

# counts VERDICT: a test that notes each time it runs, and depends on a file
counts() {
	script tests/static/pure.sh <<-T
		# test: inputs=input
		echo ran >>$scratch/ran
		printf '%s\n' 'KTAP version 1' '1..1' '$1 1 a'
	T
}
ran() { [[ $(grep -c ran "$scratch/ran") == "$1" ]]; }
pure() { runs static/pure "$1" "$2"; }
mkdir input
echo 1 >input/file
counts 'ok'
check "a pure test passes" pure 0 "1 passed, 0 failed, 0 skipped"
check "it passes again" pure 0 "1 passed, 0 failed, 0 skipped"
check "without running" ran 1
is_marked() { grep -qE '^ok 1 a # cached [0-9a-f]{12}$' build/logs/static-pure.log; }
check "its log says so" is_marked
echo 2 >input/file
check "with a changed input" pure 0 "1 passed, 0 failed, 0 skipped"
check "it runs" ran 2
echo 1 >input/other
check "with one more input" pure 0 "1 passed, 0 failed, 0 skipped"
check "it runs" ran 3
echo >>tests/ktap.sh
check "with another runner" pure 0 "1 passed, 0 failed, 0 skipped"
check "it runs" ran 4
fresh() { CHECK_FRESH=1 pure 0 "1 passed, 0 failed, 0 skipped"; }
check "with CHECK_FRESH=1" fresh
check "it runs" ran 5
counts 'not ok'
check "a pure test fails" pure 1 "0 passed, 1 failed, 0 skipped"
check "it fails again" pure 1 "0 passed, 1 failed, 0 skipped"
check "and has run both times" ran 7
script tests/static/pure.sh <<T
# test: inputs=input
echo ran >>$scratch/ran
printf '%s\n' 'KTAP version 1' '1..1' 'ok 1 a # SKIP no device'
T
check "what is skipped" pure 1 "0 passed, 0 failed, 1 skipped"
check "is not remembered" pure 1 "0 passed, 0 failed, 1 skipped"
check "either" ran 9
script tests/static/pure.sh <<T
# test: inputs=input
echo ran >>$scratch/ran
date +%N >input/file
printf '%s\n' 'KTAP version 1' '1..1' 'ok 1 a'
T
check "whose input changes meanwhile" pure 0 "1 passed, 0 failed, 0 skipped"
echo 1 >input/file
sed -i '/^date/d' tests/static/pure.sh
check "is not remembered" pure 0 "1 passed, 0 failed, 0 skipped"
check "either, and runs" ran 11
# --- suites --------------------------------------------------------------------

script tests/lab/um <<'UM'
echo "up um" >>"$STRAW"
shift 5
for suite in "$@" leaks; do
	echo "kunit: begin $suite"
	[[ $suite == leaks ]] || printf '%s\n' 'KTAP version 1' '1..1' 'ok 1 a'
	[[ ! -e straw.$suite ]] || . "./straw.$suite"
	echo "kunit: end $suite, 0.1 s"
done
UM
touch tests/kunit/{a,b,c}_test.c
check "suites run, and leaks are looked for" runs kunit 0 "4 passed, 0 failed, 0 skipped"
check "in one boot" um_boots_are 1
echo 'exit 1' >straw.b
check "a suite that ends the kernel fails" runs kunit 1 "4 passed, 1 failed, 0 skipped"
expect_text "and is named" "kunit/b: the kernel ended in it"
check "the next one has a new boot" um_boots_are 2
echo 'echo "BUG: KASAN: use-after-free"' >straw.b
check "so does one of which the kernel complains" runs kunit 1 "4 passed, 1 failed, 0 skipped"
mv straw.b straw.leaks
check "so does the boot for what is lost" runs kunit 1 "3 passed, 1 failed, 0 skipped"
rm straw.leaks
script tests/lab/um <<<'exit 2'
check "a kernel that does not boot fails each" runs kunit 1 "0 passed, 3 failed, 0 skipped"
# shellcheck disable=SC2016
script tests/lab/kernel <<<'[[ $2 != um ]]'
check "one that does not build fails the run" runs kunit 1 "0 passed, 3 failed, 0 skipped"
expect_text "and is named" "FAILED  kernel-um: tests/lab/kernel get um ended with status 1"
script tests/lab/kernel <<<'true'
rm tests/kunit/*

# --- what is left to LONG=1 ------------------------------------------------------------

rm tests/scenarios/*
scenario few 'stock,debug worlds=A,B,C test_worlds=B long_worlds=C' ''
scenario a 'stock,debug worlds=A,B test_worlds=B long_kernels=debug' ''
processed both 'stock,um,debug worlds=A,B test_worlds=B long_kernels=debug' ''
# lists PATTERN LINE...: these are the names, in any order
lists() {
	tests/run --list --only "$1" | sort >list.out
	cat list.out
	diff <(printf '%s\n' "${@:2}" | sort) list.out
}
check "a world that is for LONG=1, and none on both kernels" lists few \
	scenarios/few@{debug/B,stock/A} "scenarios/few@stock/"{B,C}" # LONG=1"
check "a kernel that is for LONG=1, whose worlds the stock kernel has" lists scenarios/a \
	scenarios/a@stock/{A,B} "scenarios/a@debug/B # LONG=1"
check "a world that the process has, and not the stock kernel" lists scenarios/both \
	scenarios/both@{um/B,stock/A} "scenarios/both@"{stock,debug}"/B # LONG=1"
all_of_it() { LONG=1 lists scenarios/a scenarios/a@{debug/B,stock/A,stock/B}; }
# shellcheck disable=SC2016
script tests/demo <<<'echo "families: ${DEMO_FAMILIES-both}"; echo "demo: ok"'
# families PATTERN: the demo passes and was told to show these
families() {
	runs demo/network 0 "2 passed, 0 failed, 0 skipped" &&
		grep -q "families: $1\$" build/logs/demo-network.log
}
both_families() { LONG=1 families both; }
check "the demo shows one family" families '[46]'
check "and with LONG=1 both" both_families
check "LONG=1 has each world on each kernel" all_of_it
check "what is left is counted, and how it is run" runs scenarios/few 0 "4 passed, 0 failed, 0 skipped"
expect_text "in the output" "left to LONG=1: 2 test files"
check "what is named is run" runs scenarios/few@stock/C 0 "2 passed, 0 failed, 0 skipped"

# --- its end -------------------------------------------------------------------

# ends SIGNAL STATUS: the runner and what it runs, by that signal
ends() {
	local runner status=0
	rm -f "$scratch/sleeper"
	script tests/static/sleeps.sh <<-T
		trap '' INT
		sleep 1234 & echo \$! >$scratch/sleeper
		wait
	T
	# A background job of a shell ignores SIGINT, and cannot take it back.
	setsid env --default-signal=INT tests/run --only static/sleeps >run.out 2>&1 &
	runner=$!
	until [[ -s $scratch/sleeper ]]; do
		kill -0 "$runner"
		sleep 0.1
	done
	kill -s "$1" "$runner"
	wait "$runner" || status=$?
	for _ in {1..100}; do
		if nothing_left 2>/dev/null; then
			((status == $2))
			return
		fi
		sleep 0.1
	done
	echo "the test's child runs on"
	return 1
}
check "Ctrl-C ends what runs" ends INT 130
check "SIGTERM ends what runs" ends TERM 130
check "kill -9 ends what runs" ends KILL 137

ktap_end
