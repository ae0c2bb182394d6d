"""One actor dies N times, by itself and by kill -9: steadyd stays as small as it was, and nothing is left over."""
import argparse
import os
import pathlib
import resource
import signal
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))
import steady  # noqa: E402
from faults import PluginFaults, send  # noqa: E402

SAMPLES = 100
SLACK_KIB, SLACK_SHARE = 300, 0.03  # whichever is more: how much the last tenth may exceed the second
# Until the bound of kept incidents is reached, SQLite's page cache fills: 2 MB, its default.
WARM_RESTARTS, WARMING_KIB = 3000, 2200
KILL_SHARE = 0.1  # of the deaths come from outside
MORTAL = """steadyd: 1
name: mortal
actors:
  mortal: {{plugin: chaos, type: source, params: {{fault_every: 1, faults: "{faults}"}}}}
supervision: {{intensity: 10000, period: 1ms, backoff: {{first: 0ms, min: 1ms, max: 1ms, factor: 1}}}}
"""


def resident_kib(pid):
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


class Sampler:
    """What steadyd holds, at even distances of restarts."""

    def __init__(self, service, total):
        self.service = service
        self.every = max(1, total // SAMPLES)
        self.resident = []
        self.descriptors = []
        self.next = self.every

    def look(self, restarts):
        if restarts < self.next:
            return
        pid = self.service.process.pid
        self.resident.append(resident_kib(pid))
        self.descriptors.append(len(os.listdir(f"/proc/{pid}/fd")))
        self.next = restarts + self.every

    def tenth(self, samples, number):
        size = max(1, len(samples) // 10)
        return statistics.median(samples[number * size:(number + 1) * size])


def die(service, total, sampler):
    """Waits until there were `total` restarts, and kills now and then one that has not yet died by itself."""
    kills = 0
    deadline = time.monotonic() + steady.WATCHDOG_SECONDS
    seen = 0
    while seen < total:
        actor = service.actor("mortal")
        if actor["generation"] > seen:
            seen, deadline = actor["generation"], time.monotonic() + steady.WATCHDOG_SECONDS
        assert time.monotonic() < deadline, "it is restarted no more"
        sampler.look(seen)
        if actor["pid"] and kills < seen * KILL_SHARE:
            kills += send(actor["pid"], signal.SIGKILL)
    return kills


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("restarts", nargs="?", type=int, default=10000)
    chosen = arguments.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with steady.Directories() as directories:
        faults = PluginFaults(directories, ("segv", "abort", "throw", "exit", "exit_cleanly"))
        with steady.Service(directories, MORTAL.format(faults=faults.file), crashes=True) as service:
            service.wait_ready()
            open_before = steady.descriptors_at_rest(service.process.pid)
            sampler = Sampler(service, chosen.restarts)
            begun = time.monotonic()
            faults.allow()
            kills = die(service, chosen.restarts, sampler)
            seconds = time.monotonic() - begun
            faults.forbid()
            faults.wait_over(service)
            service.wait_ready()
            assert steady.descriptors_at_rest(service.process.pid) == open_before
            early, late = sampler.tenth(sampler.resident, 1), sampler.tenth(sampler.resident, 9)
            print(f"{chosen.restarts} restarts in {seconds:.0f} s, {kills} of them by kill -9: "
                  f"steadyd {early:.0f} KiB early, {late:.0f} KiB late; "
                  f"{max(sampler.descriptors)} descriptors at most, {len(open_before)} at rest")
            # Under a sanitizer freed memory is kept for a while; there its own search for leaks at the end is the judge.
            if not steady.SANITIZED:
                slack = WARMING_KIB if chosen.restarts < WARM_RESTARTS else max(SLACK_KIB, SLACK_SHARE * early)
                assert late - early <= slack, sampler.resident
            service.stop_and_check_nothing_is_left()
            # What workers say is relayed behind a time; a line that begins like this is steadyd's own sanitizer's.
            assert not [line for line in service.log().splitlines() if line.startswith("==")]


main()
