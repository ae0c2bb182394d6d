"""Throughput against latency of the FizzBuzz trio: for windows of fixed sizes, and for latency targets that steadyd holds;
under full load, at a tenth of it, and while the load changes tenfold. Latency is from the commit that puts a number to the
commit that takes its verdict: the sums of what is measured on the two channels, so p99 is an upper bound."""
import pathlib
import statistics
import sys
import time

import ratio

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))
import steady  # noqa: E402
from test_latency import LATENCY, Histogram, floor_of  # noqa: E402

GRAPH = """
steadyd: 1
name: latency
actors:
  generator: {{plugin: paced, type: paced, params: {{{load}}}}}
  fizzbuzz: {{plugin: demo, type: fizzbuzz}}
  auditor: {{plugin: demo, type: auditor}}
channels:
  - {{from: generator.numbers, to: fizzbuzz.numbers, capacity: 256Ki{window}}}
  - {{from: fizzbuzz.verdicts, to: auditor.verdicts, capacity: 256Ki{window}}}
{paths}
"""
WINDOWS = ("64", "512", "4Ki", "32Ki", "256Ki")
TARGETS = ("200us", "1ms", "5ms")
READERS = ("generator.numbers.to-fizzbuzz.numbers", "fizzbuzz.verdicts.to-auditor.verdicts")


class Lately:
    """What a histogram in shared memory has counted between two looks."""

    def __init__(self, before, now):
        self.buckets = [b - a for a, b in zip(before.buckets, now.buckets)]

    def percentile(self, share):
        wanted, seen = share * sum(self.buckets), 0
        for bucket, count in enumerate(self.buckets):
            seen += count
            if count and seen >= wanted:
                return (floor_of(bucket) + floor_of(bucket + 1)) / 2e3
        return 0.0


def histograms(service):
    segments = service.directories.runtime / "segments"
    return [Histogram((segments / f"channel-{name}.reader").read_bytes(), LATENCY) for name in READERS]


def look(service, seconds):
    """Million numbers a second, p50 and p99 in microseconds, over `seconds` from here on."""
    first, before, begun = service.metric("auditor", "checked"), histograms(service), time.monotonic()
    time.sleep(seconds)
    last, now, ended = service.metric("auditor", "checked"), histograms(service), time.monotonic()
    wrong = [name for name in ("gaps", "duplicates", "disorder", "wrong") if service.metric("auditor", name)]
    assert not wrong, f"the auditor found {wrong}"
    lately = [Lately(*each) for each in zip(before, now)]
    return ((last - first) / (ended - begun) / 1e6, sum(each.percentile(0.5) for each in lately),
            sum(each.percentile(0.99) for each in lately))


def measure(seconds, settle, window="", target="", load="", looks=1):
    """`looks` times what look() gives."""
    graph = GRAPH.format(load=load, window=f", window: {window}" if window else "",
                         paths=f"paths: [{{from: generator, to: auditor, latency_target: {target}}}]" if target else "")
    with steady.Directories() as directories, steady.Service(directories, graph) as service:
        service.wait_ready()
        time.sleep(settle)
        return [look(service, seconds) for _ in range(looks)]


def medians(rounds):
    return [statistics.median(column) for column in zip(*rounds)]


def curve(rounds, seconds, settle, windows, targets, load=""):
    """Name -> million numbers a second, p50, p99."""
    ways = [(f"window {window}", dict(window=window, settle=0.5)) for window in windows]
    ways += [(f"target {target}", dict(target=target, settle=settle)) for target in targets]
    found = ratio.in_turn(rounds, *[lambda how=how: measure(seconds, load=load, **how)[0] for _, how in ways])
    return {name: medians(figures) for (name, _), figures in zip(ways, found)}


def show(title, figures):
    print(f"{title:<34}{'M/s':>10}{'p50 us':>10}{'p99 us':>10}")
    for name, values in figures.items():
        ratio.line(name, values, digits=1)
    print()


def main():
    chosen = ratio.arguments(__doc__, "one window and one target, briefly")
    rounds, seconds, settle = (1, 0.3, 0.5) if chosen.quick else (3, 2, 5)
    windows, targets = (("4Ki",), ("1ms",)) if chosen.quick else (WINDOWS, TARGETS)
    full = curve(rounds, seconds, settle, windows, targets)
    show(f"full load, medians of {rounds} rounds", full)
    tenth = f"rate: {max(1, int(max(values[0] for values in full.values()) * 1e5))}"
    paced = curve(rounds, seconds, settle, windows, targets, tenth)
    show("a tenth of it", paced)
    swap = 2 if chosen.quick else 6
    changing = {}
    for target in targets:
        looks = measure(swap / 6, swap, target=target, load=f"{tenth}, swap: {swap}s", looks=2 if chosen.quick else 18)
        changing.update({f"{target}, {swap + (i + 1) * swap / 6:.1f} s": values for i, values in enumerate(looks)})
    show(f"load that changes every {swap} s", changing)
    ratio.write_json(chosen, full=full, tenth=paced, changing=changing)


if __name__ == "__main__":
    main()
