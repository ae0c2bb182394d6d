#!/usr/bin/env bash
# One actor dies N times; steadyd stays as small as it was.
#   bash tests/chaos/restarts.sh [N=10000]
set -euo pipefail
cd "$(dirname "$0")/../.."
bash config/setup.sh --tests
cmake --preset release >/dev/null
cmake --build --preset release
export STEADY_BUILD=$PWD/build/release PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 tests/chaos/restarts.py "$@"
