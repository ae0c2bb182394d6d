"""The graphs that several tests share, and the words to judge them."""
import os
import signal

import steady

TRIO = ("generator", "fizzbuzz", "auditor")
COMPLAINTS = ("gaps", "duplicates", "disorder", "wrong")

# Workers die far more often here than a supervisor would forgive.
PATIENT = "supervision: {intensity: 10000, period: 10s, backoff: {first: 0ms, min: 1ms, max: 10ms}}\n"


def trio(generator="", capacity="", actors="", channels="", supervision=PATIENT):
    """Numbers through three processes; the auditor counts everything that is wrong with them."""
    size = f", capacity: {capacity}" if capacity else ""
    return f"""steadyd: 1
name: trio
actors:
  generator: {{plugin: demo, type: generator, params: {{{generator}}}}}
  fizzbuzz:  {{plugin: demo, type: fizzbuzz}}
  auditor:   {{plugin: demo, type: auditor}}
{actors}
channels:
  - {{from: generator.numbers, to: fizzbuzz.numbers{size}}}
  - {{from: fizzbuzz.verdicts, to: auditor.verdicts{size}}}
{channels}
{supervision}"""


def complaints(service):
    """What the auditor has found: an empty dictionary while the promise holds."""
    metrics = service.metrics("auditor")
    return {name: metrics[name] for name in COMPLAINTS if metrics[name] != 0}


def assert_flows(service):
    """The auditor goes on counting and has found nothing."""
    seen = service.metrics("auditor").get("checked", 0)
    service.wait_metric("auditor", "checked", seen + 1)
    assert complaints(service) == {}


def is_in_its_read(pid):
    """Whether the process holds both ends of one pipe: only who reads for ever has such a one."""
    ends = []
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            ends.append(os.readlink(entry.path))
        except FileNotFoundError:
            pass
    return any(end.startswith("pipe:") and ends.count(end) > 1 for end in ends)


def wait_stuck(service, *names):
    """Waits until each victim sits in its read for ever: its step is not committed, and will never be."""
    for name in names or ("victim",):
        steady.wait_until(lambda: (pid := service.actor(name)["pid"]) and is_in_its_read(pid), f"{name} is in its read")


class Killer:
    """SIGKILL for random workers of a service at random moments, one generation at most once."""

    def __init__(self, service, random):
        self.service = service
        self.random = random
        self.killed = set()
        self.last = {}

    @property
    def count(self):
        return len(self.killed)

    def strike(self, names=None):
        """Kills the worker of one of `names` if it lives and has not been killed before; returns its name or None."""
        actors = [actor for actor in self.service.status()["actors"]
                  if actor["pid"] and (not names or actor["name"] in names)
                  and (actor["name"], actor["pid"]) not in self.killed]
        if not actors:
            return None
        victim = self.random.choice(actors)
        try:
            os.kill(victim["pid"], signal.SIGKILL)
        except ProcessLookupError:
            return None
        self.killed.add((victim["name"], victim["pid"]))
        self.last[victim["name"]] = victim["generation"]
        return victim["name"]

    def wait_for_heir(self, name):
        """Waits until the generation after the one that was killed last runs."""
        self.service.wait_generation(name, self.last[name] + 1)
