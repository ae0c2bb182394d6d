"""What is measured, held against what is true: the ages that the marks give against the age of every single message,
which two actors of our own write down; and steps, batches and waits against what those actors are known to do."""
import array
import bisect
import math
import struct

import pytest

import steady

BUCKETS = 304
# daemon/ipc/README.md draws these offsets.
MARKS_MADE, LATENCY = 512, 392
ACTOR_WORDS = 4096
WAITS, STEP, BATCH = ACTOR_WORDS + 192, ACTOR_WORDS + 224, ACTOR_WORDS + 2680

# A mark is looked at after the reader's commit, the actor's own look at the clock is before it; likewise at the other end.
LATER_NS, EARLIER_NS = (30000, 10000) if steady.SANITIZED else (3000, 1000)


def floor_of(bucket):
    return bucket if bucket < 16 else (8 + bucket % 8) << (bucket // 8 - 1)


class Histogram:
    """A histogram in shared memory."""

    def __init__(self, data, offset):
        self.count, self.sum, _, *self.buckets = struct.unpack_from(f"<Qdd{BUCKETS}Q", data, offset)

    def share_below(self, bucket):
        return sum(self.buckets[:bucket]) / self.count

    def percentile(self, share):
        """The bounds of the bucket that holds it."""
        bucket = next(at for at in range(BUCKETS) if self.share_below(at + 1) >= share)
        return floor_of(bucket), floor_of(bucket + 1)

    def mean_up_to(self, cap):
        """Of the values with everything above `cap` counted as that, from the middles of the buckets."""
        return sum(min(cap, (floor_of(at) + floor_of(at + 1) - 1) / 2) * count
                   for at, count in enumerate(self.buckets)) / self.count


class Measured:
    """What a finished run has left: in shared memory, and in the file of the exact ages."""

    def __init__(self, directories):
        segments = directories.runtime / "segments"
        reader = (segments / "channel-stamper.out.to-watcher.in.reader").read_bytes()
        ring = (segments / "channel-stamper.out.ring").read_bytes()
        self.latency = Histogram(reader, LATENCY)
        self.marks, = struct.unpack_from("<Q", ring, MARKS_MADE)
        self.step, self.batch, self.waits = {}, {}, {}
        for actor in ("stamper", "watcher"):
            words = (segments / f"actor-{actor}.actor").read_bytes()
            self.step[actor], self.batch[actor] = Histogram(words, STEP), Histogram(words, BATCH)
            self.waits[actor] = dict(zip(("input", "room", "timer", "since"), struct.unpack_from("<4Q", words, WAITS)))
        self.ages = array.array("q", (directories.root / "ages").read_bytes())
        self.ages = sorted(self.ages)

    def share_up_to(self, age):
        return bisect.bisect_right(self.ages, age) / len(self.ages)


def graph(report, stamper="", watcher="", telemetry="", wait="adaptive", inputs="", capacity=1024):
    return f"""
steadyd: 1
telemetry: {{{telemetry}}}
actors:
  stamper: {{plugin: stamped, type: stamper, wait: {wait}, params: {{{stamper}}}}}
  watcher: {{plugin: stamped, type: watcher, wait: {wait}, inputs: {{in: {{{inputs}}}}},
            params: {{report: {report}{watcher}}}}}
channels:
  - {{from: stamper.out, to: watcher.in, capacity: {capacity}}}
"""


def run(**options):
    with steady.Directories() as directories:
        with steady.Service(directories, graph(directories.root / "ages", **options)) as service:
            service.wait_finished()
            measured = Measured(directories)
            assert service.stop() == 0
        return measured


LOADS = {
    "trickle": dict(stamper="every: 500us, burst: 1, limit: 3000"),
    "saturated": dict(stamper="limit: 400000", watcher=", work: 20us", inputs="max: 16"),
    "deep": dict(stamper="burst: 1, limit: 400000", watcher=", work: 20us", inputs="max: 64", capacity="64Ki"),
    "bursts": dict(stamper="every: 1ms, burst: 400, limit: 400000", watcher=", work: 5us", inputs="max: 16"),
}


@pytest.mark.parametrize("load", LOADS)
def test_the_marks_tell_how_old_the_messages_are(load):
    """Compares ranks: a sampled distribution may differ from the whole by so much of the messages (Kolmogorov, Smirnov),
    whatever their ages are. Preemption between the two looks at the clock spoils single ages, so it costs a little of the
    rank, too; in time it could cost any amount."""
    measured = run(**LOADS[load])
    latency, ages = measured.latency, measured.ages
    print(load, measured.marks, "marks for", latency.count, "of", len(ages), "messages")
    assert measured.marks >= 200
    assert 0.9 * len(ages) <= latency.count <= len(ages)
    # Weights are about equal among the marks that matter, at least half of them: one chance in a million per comparison.
    tolerance = 0.03 + math.sqrt(math.log(2 / 1e-6) / measured.marks)
    for bucket in range(1, BUCKETS):
        bound, share = floor_of(bucket), latency.share_below(bucket)
        assert share >= measured.share_up_to(bound - 1 - LATER_NS) - tolerance, (bound, tolerance)
        assert share <= measured.share_up_to(bound - 1 + EARLIER_NS) + tolerance, (bound, tolerance)
    for share in (0.5, 0.9, 0.99):
        low, high = latency.percentile(share)
        print(f"p{share * 100:.0f}: {low} to {high} ns, exactly {ages[int(share * (len(ages) - 1))]} ns")
        assert measured.share_up_to(low - 1 - LATER_NS) <= share + tolerance
        assert measured.share_up_to(high + EARLIER_NS) >= share - tolerance


@pytest.mark.parametrize("load", LOADS)
def test_the_mean_age_is_right(load):
    """Of the ages up to the 99th percentile, beyond which a single preemption weighs more than all the rest."""
    measured = run(**LOADS[load])
    latency, ages = measured.latency, measured.ages
    cap = ages[int(0.99 * (len(ages) - 1))]
    capped = [min(age, cap) for age in ages]
    exact = sum(capped) / len(capped)
    deviation = math.sqrt(sum((age - exact) ** 2 for age in capped) / len(capped))
    mean = latency.mean_up_to(cap)
    chance = 5 * deviation / math.sqrt(measured.marks / 2)
    print(f"{load}: mean {mean:.0f} ns, exactly {exact:.0f} ns, by chance up to {chance:.0f} ns")
    rest = 0.03 * cap  # ages that preemption spoiled, as in the comparison of ranks
    assert exact - EARLIER_NS - chance - exact / 16 - rest <= mean <= exact + LATER_NS + chance + exact / 16 + rest
    # The sum that is kept beside the buckets is of the same ages.
    assert sum(floor_of(at) * count for at, count in enumerate(latency.buckets)) <= latency.sum * (1 + 1e-9)
    assert latency.sum <= sum(floor_of(at + 1) * count for at, count in enumerate(latency.buckets)) * (1 + 1e-9)


def test_steps_and_batches_are_those_of_the_actors():
    measured = run(**LOADS["saturated"])
    assert measured.step["watcher"].percentile(0.01)[1] > 20_000
    assert measured.batch["watcher"].percentile(0.5) == (16, 18)
    assert measured.batch["watcher"].percentile(1)[0] <= 16
    assert measured.batch["stamper"].percentile(1)[0] <= 256  # it takes nothing: what it puts, a quarter of the ring at most
    assert measured.batch["stamper"].percentile(0.5)[1] > 16


@pytest.mark.parametrize("wait", ["block", "adaptive", "spin"])
def test_each_wait_counts_to_its_cause(wait):
    trickle = run(**LOADS["trickle"], wait=wait)
    rare = 0.2 * 3000 * 500_000  # it comes to more, but by how much depends on who else runs
    assert trickle.waits["stamper"]["timer"] > rare
    assert trickle.waits["stamper"]["input"] == trickle.waits["stamper"]["room"] == 0
    assert trickle.waits["watcher"]["input"] > rare
    assert trickle.waits["watcher"]["room"] == trickle.waits["watcher"]["timer"] == 0
    saturated = run(**LOADS["saturated"], wait=wait)
    assert saturated.waits["stamper"]["room"] > 0.2 * 400_000 / 16 * 20_000
    assert saturated.waits["stamper"]["input"] == saturated.waits["stamper"]["timer"] == 0
    for measured in (trickle, saturated):
        assert measured.waits["stamper"]["since"] == measured.waits["watcher"]["since"] == 0


def test_switched_off_nothing_is_measured():
    measured = run(**LOADS["trickle"], telemetry="sampling: false")
    assert measured.marks == 0
    assert measured.latency.count == 0
    for actor in ("stamper", "watcher"):
        assert measured.step[actor].count == measured.batch[actor].count == 0
    assert measured.waits["watcher"]["input"] > 0  # it reads the clock for that anyway
