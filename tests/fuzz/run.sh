#!/bin/sh
# Fuzzes each target for SECONDS (default 60), or only those named after it:  tests/fuzz/run.sh 600 config rpc
# Needs clang-16 and libclang-rt-16-dev. What it finds lies in BUILD/fuzz/NAME/ (BUILD: build/fuzz, or $STEADY_BUILD);
# add it to tests/fuzz/seeds/NAME, so that every build's smoke test runs it from then on.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${STEADY_BUILD:-$root/build/fuzz}
seconds=${1:-60}
[ $# -eq 0 ] || shift
[ $# -ne 0 ] || set -- config description frames logs protocol rpc units

cmake -S "$root" --preset fuzz -B "$build" > /dev/null
cmake --build "$build" --target fuzzers

failed=
for name in "$@"; do
  work=$build/fuzz/$name
  mkdir -p "$work/corpus"
  seeds=$here/seeds/$name
  [ "$name" != config ] || seeds="$root/tests/fixtures/config/valid $root/tests/fixtures/config/invalid $root/config"
  echo "== $name, $seconds s"
  # shellcheck disable=SC2086  # seeds are several directories
  "$build/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 -verbosity=1 \
    -print_final_stats=1 -artifact_prefix="$work/" "$work/corpus" $seeds > "$work/log" 2>&1 || failed="$failed $name"
  grep -E '^(stat::number_of_executed_units|SUMMARY|does not hold|==.*ERROR)' "$work/log" || true
done
[ -z "$failed" ] || { echo "found something:$failed (see BUILD/fuzz/NAME/log)"; exit 1; }
