#!/usr/bin/env bash
# Sets up, builds and runs all tests; what CI runs.
#   bash tests/run.sh                  everything: release, then AddressSanitizer + UBSan, then ThreadSanitizer
#   bash tests/run.sh release|dev|tsan one of the three
#   bash tests/run.sh release -R kill  further arguments go to ctest
set -euo pipefail
cd "$(dirname "$0")/.."
bash config/setup.sh --tests

# What another clone has compiled already need not be compiled again, wherever that clone was.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros

suites=(release dev tsan)
if [ $# -gt 0 ]; then
  suites=("$1")
  shift
fi
for suite in "${suites[@]}"; do
  echo "== $suite"
  cmake --preset "$suite" >/dev/null
  cmake --build --preset "$suite"
  ctest --preset "$suite" "$@"
done
