"""What an idle graph of 100 workers costs while nobody looks: which part of a core steadyd and all its workers take,
how often they wake up, and how much memory is a worker's own. There is nothing to measure beside it: an idle graph
should cost nothing, so what it may cost stands there."""
import pathlib
import sys
import time

import ratio
import start

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))
import steady  # noqa: E402

CORE_PERCENT = 0.3  # what all of it together may take
PRIVATE_MIB = 2  # what each worker may have


def threads(pid):
    return pathlib.Path(f"/proc/{pid}/task").iterdir()


def core_seconds(pids):
    """All that their threads ran, to the nanosecond."""
    return sum(int((thread / "schedstat").read_text().split()[0]) for pid in pids for thread in threads(pid)) / 1e9


def wake_ups(pids):
    """How often their threads went to sleep: as often as they woke up."""
    told = (line for pid in pids for thread in threads(pid) for line in (thread / "status").read_text().splitlines())
    return sum(int(line.split()[1]) for line in told if line.startswith("voluntary_ctxt_switches:"))


def private_mib(pid):
    """What would be free again if this process alone ended."""
    told = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in told if line.startswith(("Private_Clean:", "Private_Dirty:"))) / 1024


def observe(pids, seconds):
    """Percent of a core and wake-ups per second of all `pids` together."""
    before = core_seconds(pids), wake_ups(pids), time.monotonic()
    time.sleep(seconds)
    after = core_seconds(pids), wake_ups(pids), time.monotonic()
    core, wakes, took = (last - first for first, last in zip(before, after))
    return core / took * 100, wakes / took


def measure(actors, rounds, seconds):
    with steady.Directories() as directories, steady.Service(directories, start.quiet_graph(actors)) as service:
        service.wait_ready()
        steadyd, workers = [service.process.pid], list(service.pids().values())
        time.sleep(seconds / 4)  # what starting left to do is done
        ours, theirs, both = [], [], []
        for _ in range(rounds):
            ours.append(observe(steadyd, seconds))
            theirs.append(observe(workers, seconds))
            both.append(ours[-1][0] + theirs[-1][0])
        figures = {"steadyd_core_percent": [core for core, _ in ours], "steadyd_wake_ups": [wakes for _, wakes in ours],
                   "workers_core_percent": [core for core, _ in theirs],
                   "workers_wake_ups": [wakes for _, wakes in theirs], "core_percent": both,
                   "private_mib": [private_mib(pid) for pid in workers],
                   "steadyd_private_mib": [private_mib(pid) for pid in steadyd]}
        assert service.stop() == 0
        return figures


def show(chosen, figures, actors, rounds, seconds):
    ratio.title(f"idle: {actors} workers, {rounds} rounds of {seconds} s")
    for name, figure in (("steadyd, % of a core", "steadyd_core_percent"),
                         ("all workers, % of a core", "workers_core_percent"),
                         ("steadyd, wake-ups per second", "steadyd_wake_ups"),
                         ("all workers, wake-ups per second", "workers_wake_ups"),
                         ("private memory of steadyd, MiB", "steadyd_private_mib")):
        ratio.line(name, ratio.spread(figures[figure]))
    for name, unit, may_be, who, figure in (
            (f"{actors} idle workers", "% of a core", CORE_PERCENT, "steadyd and all workers", "core_percent"),
            ("private memory of an idle worker", "MiB", PRIVATE_MIB, "each worker", "private_mib")):
        ratio.compare(chosen, name, unit, ("what it may be", [may_be] * len(figures[figure])),
                      (who, figures[figure]),
                      ratio.at_most(1), digits=2)


def main():
    chosen = ratio.arguments(__doc__, "ten workers, for half a second")
    actors, rounds, seconds = (10, 1, 0.5) if chosen.quick else (100, 5, 4)
    figures = measure(actors, rounds, seconds)
    show(chosen, figures, actors, rounds, seconds)
    ratio.write_json(chosen, **figures)


main()
