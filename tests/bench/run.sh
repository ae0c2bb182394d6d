#!/usr/bin/env bash
# Builds the release and prints how fast it is beside its bare limit, measured in the same run.
#   bash tests/bench/run.sh [--quick] [--json FILE]
set -euo pipefail
cd "$(dirname "$0")/../.."
bash config/setup.sh --tests
cmake --preset release >/dev/null
cmake --build --preset release
STEADY_BUILD=$PWD/build/release exec /usr/bin/python3 tests/bench/trio.py "$@"
