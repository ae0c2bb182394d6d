#!/usr/bin/env bash
# Kills, stops and breaks everything that can be, FAULTS times, and accounts for every message; then measures what an actor
# that crashes for ever costs.
#   bash tests/chaos/run.sh [FAULTS=500] [SEED] [--no-hangs]
set -euo pipefail
cd "$(dirname "$0")/../.."
bash config/setup.sh --tests
cmake --preset release >/dev/null
cmake --build --preset release
export STEADY_BUILD=$PWD/build/release PYTHONDONTWRITEBYTECODE=1
/usr/bin/python3 tests/chaos/chaos.py "$@"
/usr/bin/python3 tests/chaos/crash_loop.py --assert
