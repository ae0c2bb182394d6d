"""From kill -9 of a worker to the first step of its next generation, beside the bare limit: fork, exec and dlopen of the
same plugin by a supervisor that does nothing else. Both are measured in turn in one run; quote the ratio."""
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time

import ratio

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


def main():
    chosen = ratio.arguments(__doc__, "ten kills")
    rounds, kills = (1, 10) if chosen.quick else (6, 50)
    bare, ours = ratio.in_turn(rounds, lambda: bare_times(kills), lambda: steadyd_times(kills))
    ratio.title(f"restart: {rounds} rounds of {kills} kills in turn")
    medians = [[statistics.median(times) for times in of] for of in (bare, ours)]
    ratio.compare(chosen, "kill -9 to the next first step", "us", ("bare fork, exec, dlopen", medians[0]),
                  ("steadyd", medians[1]), ratio.at_most(1.5))
    ratio.line("  p99, bare and steadyd", [ratio.percentile(sum(of, []), 0.99) for of in (bare, ours)], 1)
    ratio.write_json(chosen, bare=bare, steadyd=ours)


main()
