#!/usr/bin/env bash
# Installs what steadyd needs on Debian 12 and is not there yet: `config/setup.sh` for building and running,
# `config/setup.sh --tests` for the tests as well, `--fuzz` for the fuzzers, `--peers` for what tests/bench/run.sh peers
# measures steadyd's channel against. Asks nothing; uses sudo when not root.
set -euo pipefail

packages=(g++ cmake ninja-build pkg-config ccache
  libuv1-dev libyaml-cpp-dev libspdlog-dev prometheus-cpp-dev libexpected-dev nlohmann-json3-dev libcli11-dev
  libsystemd-dev libmicrohttpd-dev libelf-dev libdw-dev libsqlite3-dev libcurl4-openssl-dev rapidjson-dev)
for argument in "$@"; do
  case $argument in
    --tests) packages+=(doctest-dev erlang-base python3 python3-pytest python3-yaml python3-jsonschema prometheus graphviz libgraphviz-dev curl systemd
      chromium chromium-driver python3-selenium) ;;
    --fuzz) packages+=(clang-16 libclang-rt-16-dev) ;;
    --peers) packages+=(libcaf-dev libiceoryx-posh-dev iceoryx libnats-dev nats-server erlang-base) ;;
    *) echo "usage: config/setup.sh [--tests] [--fuzz] [--peers]" >&2; exit 2 ;;
  esac
done

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
done
# Boost.Describe came with 1.77; Debian 12's default is 1.74, its libboost1.81-dev has it.
[ -e /usr/include/boost/describe.hpp ] || [ -e /usr/local/include/boost/describe.hpp ] || missing+=(libboost1.81-dev)
[ ${#missing[@]} -eq 0 ] && exit 0

by_hand() {
  echo "steadyd: $1 Please install by hand, as root:" >&2
  echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
}
command -v apt-get >/dev/null || by_hand "this is no Debian (there is no apt-get)."
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || by_hand "packages are missing, and there is neither root nor sudo."
  as_root=(sudo)
fi
echo "steadyd: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq || by_hand "apt-get update failed."
# --no-remove: where another Boost is installed for somebody else, that is for its owner to decide.
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends --no-remove "${missing[@]}" >/dev/null ||
  by_hand "apt-get could not install them (a Boost of another version in the way has to be removed first)."
