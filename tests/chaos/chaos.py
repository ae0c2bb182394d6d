"""Everything that can be killed is killed, again and again, in random graphs; then every message is accounted for.

Round by round: a random graph, random faults, and then the truth. What is asserted is in tests/chaos/README.md."""
import argparse
import collections
import pathlib
import random
import resource
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))
import steady  # noqa: E402
from faults import HANGS, Injector, PLUGIN_FAULTS, PluginFaults  # noqa: E402
from topology import Topology  # noqa: E402
from watch import Cost, Watch  # noqa: E402

COMPLAINTS = ("gaps", "repeats", "wrong")
WATCHDOG = "300ms"  # of the actors, where hangs are among the faults
DESCRIPTORS_PER_WORKER = 4  # of a spare, too: its control socket, what it prints, what it complains, its end
LEFT_BY_A_CLEAN_STOP = {"steadyd.lock", "workers.lock"}  # in the runtime directory


class Totals:
    """What all rounds did together."""

    def __init__(self):
        self.faults = collections.Counter()
        self.rounds = 0
        self.messages = 0
        self.restarts = 0
        self.answers = []  # seconds that each took
        self.cost = Cost()

    def show(self, seconds):
        for kind, count in sorted(self.faults.items()):
            print(f"  {kind:<28}{count:6}")
        print(f"{self.faults.total()} faults in {self.rounds} rounds and {seconds:.0f} s: {self.restarts} restarts, "
              f"{self.messages} messages checked, none lost, doubled or out of order, nothing left over")
        print(f"status was answered {len(self.answers)} times, within {max(self.answers) * 1000:.1f} ms at worst, "
              f"{statistics.median(self.answers) * 1000:.1f} ms in the median; "
              f"steadyd used {self.cost.share:.1%} of a core")


def counted(actor):
    """What an actor counts itself, from its status: name -> value."""
    return {metric["name"]: int(metric["value"]) for metric in actor["metrics"]}


class Round:
    """One graph, its faults, and the account of its messages."""

    def __init__(self, number, seed, faults_left, hangs, totals):
        rng = self.rng = random.Random(seed)
        self.totals = totals
        self.endless = rng.random() < 0.5
        self.faults_wanted = min(rng.randint(15, 40), faults_left)
        self.counts = collections.Counter()
        self.directories = steady.Directories()
        kinds = [*PLUGIN_FAULTS, *(HANGS if hangs else ())]
        if steady.SANITIZED:
            kinds.remove("memory")  # AddressSanitizer reserves far more than RLIMIT_AS could leave it
        self.faults = PluginFaults(self.directories, kinds)
        self.enough = self.directories.root / "enough"  # the sources without end look for it
        self.topology = Topology(rng, self.enough if self.endless else None, self.faults.file,
                                 WATCHDOG if hangs else "", gentle=steady.SANITIZED)
        print(f"round {number}, seed {seed}: {len(self.topology.actors)} actors, "
              f"{'sources without end' if self.endless else 'finite sources'}", flush=True)

    def run(self):
        with self.directories, steady.Service(self.directories, self.topology.yaml(), crashes=True) as self.service:
            self.service.wait_ready()
            rest = self.descriptors_at_rest()
            with Watch(self.service) as self.watch:
                self.cause_trouble()
                self.settle()
            self.watch.check()
            steady.wait_until(lambda: self.descriptors_at_rest() == rest, "steadyd holds what it held at first")
            self.account()
        self.totals.rounds += 1
        self.totals.answers += self.watch.seconds
        self.totals.faults += self.counts

    def cause_trouble(self):
        """Faults from outside and inside, until there were as many as wanted or all streams have ended."""
        injector = Injector(self.service, self.watch, self.totals.cost, self.rng, self.counts)
        self.faults.allow()
        while self.counts.total() + len(self.faults.seen()) < self.faults_wanted:
            injector.inject()
            injector.moment(0.1)
            self.watch.check()
            if not self.endless and self.all_finished():
                break
        self.faults.forbid()
        self.faults.wait_over(self.service)
        self.counts.update(f"plugin: {kind.replace('_', ' ')}" for kind, _, _ in self.faults.seen())

    def settle(self):
        """Waits until every actor runs, or has done all that it had to."""
        if self.endless:
            self.service.wait_ready()
        else:
            self.service.wait_finished()

    def all_finished(self):
        return all(actor["state"] == "finished" for actor in self.service.status()["actors"])

    def descriptors_at_rest(self):
        """How many descriptors steadyd holds that belong to no worker and no spare: always the same."""
        while True:
            workers = self.service.processes()
            open_now = steady.descriptors_at_rest(self.service.process.pid)
            if workers == self.service.processes():  # nobody finished or died between the two looks
                return len(open_now) - DESCRIPTORS_PER_WORKER * len(workers)

    def account(self):
        """Stops everything and compares what each actor has seen with what the sources have sent."""
        status = {actor["name"]: actor for actor in self.service.status()["actors"]}
        self.stop()
        self.service.check_nothing_is_left()
        left = {path.name for path in self.directories.runtime.rglob("*") if not path.is_dir()}
        assert left <= LEFT_BY_A_CLEAN_STOP, left

        self.totals.restarts += sum({actor["worker"]: actor["generation"] for actor in status.values()}.values())
        seen = self.reports() if self.endless else {name: counted(actor) for name, actor in status.items()}
        sent = {source.name: seen[source.name]["messages"] for source in self.topology.of("source")}
        for source in self.topology.of("source"):
            assert self.endless or sent[source.name] == source.params["count"], (source.name, sent)
        for actor in self.topology.of("relay") + self.topology.of("sink"):
            found = seen[actor.name]
            assert {name: found[name] for name in COMPLAINTS} == dict.fromkeys(COMPLAINTS, 0), (actor.name, found)
            assert found["messages"] == self.topology.expected(actor, sent), (actor.name, found, sent)
            assert found["streams"] <= self.topology.ways(actor), (actor.name, found)
            self.totals.messages += found["messages"]

    def stop(self):
        """A clean stop. One that finds streams still flowing may leave messages behind; the next start goes on there."""
        self.enough.touch()
        self.stop_once()
        while self.endless and self.directories.segments():
            self.service.start()
            self.stop_once()

    def stop_once(self):
        self.totals.cost.add(self.service.process.pid)
        assert self.service.stop() == 0

    def reports(self):
        """What each actor said last when its streams had ended: name -> what it counted."""
        found = {}
        for line in self.service.log().splitlines():
            if " end: " in line:
                fields = dict(word.split("=", 1) for word in line.split() if "=" in word)
                found[fields["actor"]] = {name: int(fields[name]) for name in ("messages", "streams", *COMPLAINTS)
                                          if name in fields}
        return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("faults", nargs="?", type=int, default=60 if steady.SANITIZED else 500)
    arguments.add_argument("seed", nargs="?", type=int, help="of the first round; each draws the seed of the next")
    arguments.add_argument("--no-hangs", action="store_true", help="no actors that spin or wait for ever")
    chosen = arguments.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    seed = random.SystemRandom().randrange(1 << 32) if chosen.seed is None else chosen.seed
    totals = Totals()
    begun = time.monotonic()
    while totals.faults.total() < chosen.faults:
        left = chosen.faults - totals.faults.total()
        one = Round(totals.rounds + 1, seed, left, not chosen.no_hangs, totals)
        try:
            one.run()
        except BaseException:
            print(f"failed in round {totals.rounds + 1}; this round again: "
                  f"bash tests/chaos/run.sh {left} {seed}{' --no-hangs' if chosen.no_hangs else ''}", flush=True)
            raise
        seed = random.Random(seed).randrange(1 << 32)
    totals.show(time.monotonic() - begun)


main()
