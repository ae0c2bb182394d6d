#!/usr/bin/env bash
# Builds steadyd and runs the demo in the foreground: `bash config/demo.sh`. Needs Debian 12; installs what is missing.
#   STEADY_DEMO_LOG=FILE       the log to follow, instead of the newest one that can be read
#   STEADY_LISTEN=ADDR:PORT    where the page is served, instead of 127.0.0.1:9900 or the next free port
# The build, the report and the state on disk are in build/, the channels in memory; nothing else is touched.
set -euo pipefail
cd "$(dirname "$0")/.."

build=build/demo          # a build of its own, without the tests and what they need
out=$PWD/build/demo-out   # report, rejects, and the state that outlives a reboot
runtime=${XDG_RUNTIME_DIR:-/dev/shm}/steadyd-demo-$UID

say() { printf '%s\n' "$*"; }

build_steadyd() {
  bash config/setup.sh
  say "steadyd: building (some minutes the first time)"
  local log=build/demo-build.log
  mkdir -p build
  if ! cmake --preset release -B "$build" -DSTEADY_TESTS=OFF >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
  fi
  if [ -t 1 ]; then
    cmake --build "$build"  # shows how far it is
  elif ! cmake --build "$build" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    say "steadyd: the build failed; all of its output is in $log" >&2
    exit 1
  fi
}

# The newest log whose last lines the plugin `logs` can read: syslog in one of its forms, or Apache's error log.
newest_log() {
  local syslog='^(<[0-9]+>(1 )?)?([A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+[^ ]*) [^ ]+ '
  local apache='^\[[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{2} [0-9:.]+ [0-9]{4}\] \[[^]]+\] '
  local file lines good
  while IFS= read -r file; do
    if ! [ -f "$file" ] || ! [ -r "$file" ]; then continue; fi
    lines=$(tail -n 20 -- "$file" | wc -l)
    good=$(tail -n 20 -- "$file" | grep -aEc -e "$syslog" -e "$apache" || true)
    if [ "$good" -gt 0 ] && [ $((good * 2)) -ge "$lines" ]; then
      printf '%s\n' "$file"
      return
    fi
  done < <(ls -1t /var/log/*.log /var/log/syslog /var/log/messages /var/log/apache2/error.log 2>/dev/null)
}

free_address() {
  local port
  for port in 9900 9901 9902 9903 9904 9905 9906 9907 9908 9909; do
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      printf '127.0.0.1:%s\n' "$port"
      return
    fi
  done
  say "steadyd: the ports 9900 to 9909 are all taken; choose one with STEADY_LISTEN=127.0.0.1:PORT" >&2
  exit 1
}

build_steadyd
mkdir -p "$out"
[ -d "$runtime" ] || mkdir -m 700 "$runtime"
if ! [ -O "$runtime" ]; then
  say "steadyd: $runtime belongs to somebody else" >&2
  exit 1
fi

socket=$runtime/steadyd.sock
ctl="$build/bin/steadyctl --socket $socket"
if "$build/bin/steadyctl" --socket "$socket" version >/dev/null 2>&1; then
  say "steadyd: the demo is running already; end it with Ctrl-C there, or with: $ctl shutdown" >&2
  exit 1
fi

log=${STEADY_DEMO_LOG:-$(newest_log)}
if [ -n "$log" ]; then
  config=config/demo.yaml
  job="follows $log; the report grows in
                  $out/report.jsonl"
else
  config=config/demo-proc.yaml
  job="this machine keeps no text log, so it samples /proc into
                  $out/host.jsonl"
fi
export STEADY_DEMO_LOG=$log STEADY_DEMO_OUT=$out

listen=${STEADY_LISTEN:-$(free_address)}
[ -n "${STEADY_LISTEN:-}" ] || [ "$listen" = 127.0.0.1:9900 ] || say "steadyd: port 9900 is taken"

cat <<EOT

  The page        http://$listen/
  The trio        fizzbuzz crashes by itself every few seconds; the auditor's counters prove that nothing is lost
  The real job    $job

  Try in another terminal, in $PWD:
    $ctl top                     (live; or status, logs -f, incidents, tap log.lines, --help)
    pkill -9 -x fizzbuzz        (or any other actor: numbers, auditor, ...)
    curl -s http://$listen/metrics | grep -E 'steady_user_(gaps|duplicates|disorder|wrong)'
    kill -9 $$              (steadyd itself; start this script again, and all goes on where it was)
  Ctrl-C stops in order: the sources end, the rest runs empty.

EOT

ulimit -c 0  # fizzbuzz crashes for show; nobody wants its core files
exec "$build/bin/steadyd" --config "$config" --runtime-dir "$runtime" --state-dir "$out/state" --listen "$listen"
