"""A number from one worker to another and back, beside two bare rings between two processes. `spin` and `block` go as fast
as they can; then ten thousand round trips a second, where `adaptive` should be near `spin` in time and near `block` in
processor time. Times are medians of all round trips of a round, taken by whoever asks. Here and there each of the two
stays on a core of its own: on one core a wake-up is ten times as fast, and the kernel would choose anew in every run."""
import os
import time

import flow
import ratio

INTERVAL_US = 100
PACE = f"{10**6 // INTERVAL_US // 1000} k/s"
NEAR = 1.5  # what "near" means


def graph(wait, interval_us):
    return flow.graph({"ask": f"plugin: roundtrip, type: ask, wait: {wait}, "
                               f"params: {{interval: {interval_us}us, warm_up: {flow.WARM_SECONDS}s}}",
                       "echo": f"plugin: roundtrip, type: echo, wait: {wait}"},
                      ["ask.there -> echo.there", "echo.back -> ask.back"])


def bare(wait, seconds, interval_us=0):
    """Median and 99th percentile in nanoseconds, round trips per second, cores in use."""
    return flow.bare("bare_roundtrip", wait, seconds, interval_us)


def place(service):
    """Keeps each worker on a core of its own, if there are so many."""
    for pid, core in zip(service.pids().values(), sorted(os.sched_getaffinity(0))):
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(thread), [core])


def steadyd(wait, seconds, interval_us=0):
    """The same."""
    with flow.running(graph(wait, interval_us), place) as service:
        pids = service.pids().values()
        used, count, begun = sum(map(flow.cpu_seconds, pids)), service.metric("ask", "round_trips"), time.monotonic()
        time.sleep(seconds)
        elapsed = time.monotonic() - begun
        used = sum(map(flow.cpu_seconds, pids)) - used
        service.wait_metric("ask", "round_trips", 1)
        found = service.metrics("ask")
        return [found["median_ns"], found["p99_ns"], (found["round_trips"] - count) / elapsed, used / elapsed]


def column(number, rounds, scale=1.0):
    return [figures[number] * scale for figures in rounds]


def at_full_speed(chosen, rounds, seconds):
    for wait, name, bound in (("spin", "bare ring, spinning", 1.2), ("block", "bare futex ring", 1.1)):
        theirs, ours = ratio.in_turn(rounds, lambda: bare(wait, seconds), lambda: steadyd(wait, seconds))
        ratio.compare(chosen, f"round trip, {wait}, p50", "us", (name, column(0, theirs, 1e-3)),
                      ("steadyd, two workers", column(0, ours, 1e-3)), ratio.at_most(bound), digits=2)


def paced(chosen, rounds, seconds):
    measures = {"bare ring, spinning": lambda: bare("spin", seconds, INTERVAL_US),
                "bare futex ring": lambda: bare("block", seconds, INTERVAL_US)}
    measures |= {f"steadyd, {wait}": lambda wait=wait: steadyd(wait, seconds, INTERVAL_US)
                 for wait in (("adaptive",) if chosen.quick else ("spin", "block", "adaptive"))}
    found = dict(zip(measures, ratio.in_turn(rounds, *measures.values())))
    for text, number, scale in (("p50, us", 0, 1e-3), ("p99, us", 1, 1e-3), ("cores in use, both together", 3, 1)):
        print(f"round trips at {PACE}: {text}")
        for name, figures in found.items():
            ratio.line(f"  {name}", ratio.spread(column(number, figures, scale)))
    adaptive = found["steadyd, adaptive"]
    for text, unit, number, scale, limit in (("p50", "us", 0, 1e-3, "bare ring, spinning"),
                                             ("CPU", "cores", 3, 1, "bare futex ring")):
        ratio.compare(chosen, f"round trips at {PACE}, adaptive, {text}", unit,
                      (limit, column(number, found[limit], scale)),
                      ("steadyd, adaptive", column(number, adaptive, scale)), ratio.at_most(NEAR), digits=2)
    return found


def main():
    chosen = ratio.arguments(__doc__, "one short round")
    rounds, seconds = (1, 0.15) if chosen.quick else (5, 1.5)
    ratio.title(f"roundtrip: {rounds} rounds of {seconds} s in turn")
    at_full_speed(chosen, rounds, seconds)
    ratio.write_json(chosen, paced=paced(chosen, rounds, seconds))


main()
