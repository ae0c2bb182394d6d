#!/usr/bin/env bash
# Builds the release and prints how fast it is, each figure beside its bare limit measured in the same run: what the trio
# moves, and how long a restart takes.
#   bash tests/bench/run.sh [trio|restart] [--quick] [--json FILE]     without a name: both, and no --json
set -euo pipefail
cd "$(dirname "$0")/../.."
names=(trio restart)
case ${1:-} in
  trio | restart)
    names=("$1")
    shift
    ;;
  *)
    case " $* " in *" --json"*)
      echo "which one into that file? bash tests/bench/run.sh trio|restart --json FILE" >&2
      exit 2
      ;;
    esac
    ;;
esac
bash config/setup.sh --tests
cmake --preset release >/dev/null
cmake --build --preset release
for name in "${names[@]}"; do
  STEADY_BUILD=$PWD/build/release /usr/bin/python3 "tests/bench/$name.py" "$@"
done
