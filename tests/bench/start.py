"""From the start of steadyd until all of 100 and of 1000 actors are ready, a worker each, beside a bare spawn of as
many processes that load the same plugin. All are measured in turn in one run; quote the ratio."""
import datetime
import json
import pathlib
import socket
import subprocess
import sys
import time

import ratio

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))
import steady  # noqa: E402

PLUGIN = steady.FIXTURE_PLUGINS / "quiet.so"


def quiet_graph(actors):
    """`actors` of which every other one listens to the one before it; each in a worker of its own."""
    lines = ["steadyd: 1", "name: quiet", "telemetry: {listen: 127.0.0.1:0}", "actors:"]
    pairs = range(actors // 2)
    for pair in pairs:
        lines.append(f"  talker_{pair}: {{plugin: quiet, type: talker}}")
        lines.append(f"  listener_{pair}: {{plugin: quiet, type: listener}}")
    lines.append("channels:")
    lines += [f"  - {{from: talker_{pair}.words, to: listener_{pair}.words, capacity: 64}}" for pair in pairs]
    return "\n".join([*lines, ""])


def bare_time(actors, order):
    done = subprocess.run([steady.BUILD / "bin/bare_start", str(PLUGIN), str(actors), order],
                          capture_output=True, text=True, check=True)
    return float(done.stdout)


class Told:
    """Where steadyd says that every actor is ready, as it says it to systemd: to ask would cost what is measured."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(steady.WATCHDOG_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def wait_ready(self):
        while b"READY=1" not in self.socket.recv(4096).split(b"\n"):
            pass


def last_ready(log):
    """When the last worker became ready, in seconds of the wall clock: systemd is told at the end of a frame only."""
    lines = [json.loads(line) for line in log.splitlines()]
    last = max(line["time"] for line in lines if line["message"] == "Worker is ready")
    return datetime.datetime.fromisoformat(last.replace("Z", "+00:00")).timestamp()


def steadyd_time(actors):
    """Milliseconds; all of steadyd's own start is in them."""
    with steady.Directories() as directories, Told(directories.root / "told") as told:
        service = steady.Service(directories, quiet_graph(actors), {"NOTIFY_SOCKET": told.path},
                                 ["--log-format", "json"])
        begun = time.time()
        with service:
            told.wait_ready()
            took = last_ready(service.log()) - begun
            assert service.status()["ready"]
            assert service.stop() == 0
        return took * 1000


def measure(chosen, actors, rounds):
    """The figures of one size, shown. steadyd promises the order of the first beside; the second has none."""
    in_turn, at_once, ours = ratio.in_turn(rounds, lambda: bare_time(actors, "in-turn"),
                                           lambda: bare_time(actors, "at-once"), lambda: steadyd_time(actors))
    ratio.title(f"start of {actors} actors: {rounds} rounds in turn")
    for order, theirs, aim in (("in turn", in_turn, ratio.at_most(2)), ("all at once", at_once, None)):
        ratio.compare(chosen, f"start of {actors} actors beside {order}", "ms", (f"bare spawn, {order}", theirs),
                      ("steadyd, until the last is ready", ours), aim)
    return {"bare_in_turn": in_turn, "bare_at_once": at_once, "steadyd": ours}


def main():
    chosen = ratio.arguments(__doc__, "ten actors, once")
    sizes = {10: 1} if chosen.quick else {100: 5, 1000: 3}
    figures = {f"actors_{actors}": measure(chosen, actors, rounds) for actors, rounds in sizes.items()}
    ratio.write_json(chosen, **figures)


if __name__ == "__main__":
    main()
