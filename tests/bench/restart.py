"""From kill -9 of a worker to the first step of its next generation, beside the bare limit: fork, exec and dlopen of the
same plugin by a supervisor that does nothing else. Both are measured in turn in one run; quote the ratio."""
import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))
import steady  # noqa: E402

PLUGIN = steady.FIXTURE_PLUGINS / "first_step.so"
ONE = """
steadyd: 1
name: restart
actors:
  one: {plugin: first_step}
supervision: {intensity: 10000, period: 1ms, backoff: {first: 0ms, min: 1ms, stable: 1ms}}
"""
REST_SECONDS = 0.02  # between a first step and the next kill, as in bare_restart


def bare_times(kills):
    done = subprocess.run([steady.BUILD / "bin/bare_restart", str(PLUGIN), str(kills)],
                          capture_output=True, text=True, check=True)
    return [float(line) for line in done.stdout.split()]


def first_step(service, generation):
    """When the generation made its first step, on CLOCK_MONOTONIC in nanoseconds; None as long as it has not."""
    actor = service.actor("one")
    gauges = {metric["name"]: metric["value"] for metric in actor["metrics"]}
    return gauges["first_step_ns"] if gauges.get("generation") == generation and gauges["first_step_ns"] else None


def restart_time(service):
    """Kills the worker once. Asks only after a rest: a question during the restart would cost what is measured."""
    actor = service.actor("one")
    time.sleep(REST_SECONDS)
    killed_at = time.monotonic_ns()
    os.kill(actor["pid"], signal.SIGKILL)
    time.sleep(REST_SECONDS)
    generation = actor["generation"] + 1
    stepped_at = steady.wait_until(lambda: first_step(service, generation), f"generation {generation} has made a step")
    return (stepped_at - killed_at) / 1000


def steadyd_times(kills):
    with steady.Directories() as directories, steady.Service(directories, ONE) as service:
        steady.wait_until(lambda: first_step(service, 0), "the first step of all")
        times = [restart_time(service) for _ in range(kills)]
        assert service.stop() == 0
        return times


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def line(name, times):
    print(f"{name:<34}{statistics.median(times):10.0f}{percentile(times, 0.99):8.0f}{min(times):8.0f}{max(times):8.0f}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="ten kills: shows that it runs, nothing else")
    arguments.add_argument("--json", metavar="FILE", help="also write the figures there")
    chosen = arguments.parse_args()
    rounds, kills = (1, 10) if chosen.quick else (6, 50)
    bare, ours = [], []
    for _ in range(rounds):
        bare += bare_times(kills)
        ours += steadyd_times(kills)
    ratio = statistics.median(ours) / statistics.median(bare)
    print(f"{rounds} rounds of {kills} kills in turn, {os.cpu_count()} cores; "
          "microseconds from kill -9 to the next first step")
    print(f"{'':<34}{'median':>10}{'p99':>8}{'min':>8}{'max':>8}")
    line("bare fork, exec, dlopen", bare)
    line("steadyd", ours)
    print(f"{'ratio of the medians':<34}{ratio:10.2f}")
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps({"bare": bare, "steadyd": ours, "ratio": ratio}))


main()
