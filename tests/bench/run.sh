#!/usr/bin/env bash
# Builds the release and prints how fast it is, each figure beside its bare limit or its alternative measured in the same
# run; in the end one table of all. README.md beside this file says what each of them measures.
#   bash tests/bench/run.sh [NAME…] [--quick] [--json FILE] [--table]     without names: all
# --table prints the last table as Markdown. Other options go to the benchmarks: `run.sh step --instructions`.
set -euo pipefail
from=$PWD
cd "$(dirname "$0")/../.."
all=(channel frames pipeline trio roundtrip step shape sampling tap latency restart start idle scale peers)
names=() options=() closing=()
while [ $# -gt 0 ]; do
  case $1 in
    --json) closing+=("$1" "$(cd "$from" && realpath -m "${2:?--json wants a file}")"); shift ;;
    --table) closing+=("$1") ;;
    --*) options+=("$1") ;;
    *)
      [[ " ${all[*]} " == *" $1 "* ]] || { echo "no benchmark '$1'; there are: ${all[*]}" >&2; exit 2; }
      names+=("$1") ;;
  esac
  shift
done
[ ${#names[@]} -gt 0 ] || names=("${all[@]}")

bash config/setup.sh --tests
cmake --preset release >/dev/null
cmake --build --preset release
export STEADY_BUILD=$PWD/build/release PYTHONDONTWRITEBYTECODE=1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
files=() failed=()
for name in "${names[@]}"; do
  /usr/bin/python3 "tests/bench/$name.py" "${options[@]}" --json "$scratch/$name.json" || failed+=("$name")
  [ ! -e "$scratch/$name.json" ] || files+=("$scratch/$name.json")
  echo
done
[ ${#files[@]} -eq 0 ] || /usr/bin/python3 tests/bench/ratio.py "${closing[@]}" "${files[@]}"
[ ${#failed[@]} -eq 0 ] || { echo "failed: ${failed[*]}" >&2; exit 1; }
