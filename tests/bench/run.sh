#!/usr/bin/env bash
# Builds the release and prints how fast it is, each figure beside its bare limit or its alternative measured in the same
# run. README.md in the folder above says what each of them measures.
#   bash tests/bench/run.sh [NAME] [--quick] [--json FILE]     without a name: all, and no --json
set -euo pipefail
cd "$(dirname "$0")/../.."
names=(trio restart sampling tap scale)
if [[ " ${names[*]} " == *" ${1:-} "* ]]; then
  names=("$1")
  shift
elif [[ " $* " == *" --json"* ]]; then
  echo "which one into that file? bash tests/bench/run.sh NAME --json FILE, NAME being one of: ${names[*]}" >&2
  exit 2
fi
bash config/setup.sh --tests
cmake --preset release >/dev/null
cmake --build --preset release
for name in "${names[@]}"; do
  STEADY_BUILD=$PWD/build/release /usr/bin/python3 "tests/bench/$name.py" "$@"
done
