"""From kill -9 of a worker to the first step of its next generation, beside the bare limit: fork, exec and dlopen of the
same plugin by a supervisor that does nothing else. And the same with `standby: true`, beside a supervisor that wakes a
process which has loaded the plugin and waits at a futex. All are measured in turn in one run; quote the ratios."""
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
  one: {plugin: first_step, standby: STANDBY}
supervision: {intensity: 10000, period: 1ms, backoff: {first: 0ms, min: 1ms, stable: 1ms}}
"""
REST_SECONDS = 0.02  # between a first step and the next kill, as in bare_restart


def bare_times(kills, *options):
    done = subprocess.run([steady.BUILD / "bin/bare_restart", str(PLUGIN), str(kills), *options],
                          capture_output=True, text=True, check=True)
    return [float(line) for line in done.stdout.split()]


def first_step(service, generation):
    """When the generation made its first step, on CLOCK_MONOTONIC in nanoseconds; None as long as it has not."""
    actor = service.actor("one")
    gauges = {metric["name"]: metric["value"] for metric in actor["metrics"]}
    return gauges["first_step_ns"] if gauges.get("generation") == generation and gauges["first_step_ns"] else None


def restart_time(service, standby):
    """Kills the worker once. Asks only after a rest: a question during the restart would cost what is measured."""
    if standby:
        steady.wait_until(lambda: service.actor("one")["standby"] == "ready", "there is a spare")
    actor = service.actor("one")
    time.sleep(REST_SECONDS)
    killed_at = time.monotonic_ns()
    os.kill(actor["pid"], signal.SIGKILL)
    time.sleep(REST_SECONDS)
    generation = actor["generation"] + 1
    stepped_at = steady.wait_until(lambda: first_step(service, generation), f"generation {generation} has made a step")
    assert not standby or service.actor("one")["pid"] == actor["standby_pid"]
    return (stepped_at - killed_at) / 1000


def steadyd_times(kills, standby=False):
    yaml = ONE.replace("STANDBY", str(standby).lower())
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        steady.wait_until(lambda: first_step(service, 0), "the first step of all")
        times = [restart_time(service, standby) for _ in range(kills)]
        assert service.stop() == 0
        return times


def compare(chosen, name, rounds, bare, ours, aim):
    """`bare` and `ours`: who, and what measures the times of one round."""
    theirs, times = ratio.in_turn(rounds, bare[1], ours[1])
    medians = [[statistics.median(round_) for round_ in of] for of in (theirs, times)]
    ratio.compare(chosen, name, "us", (bare[0], medians[0]), (ours[0], medians[1]), aim)
    ratio.line("  p99, bare and steadyd", [ratio.percentile(sum(of, []), 0.99) for of in (theirs, times)], 1)
    return {"bare": theirs, "steadyd": times}


def main():
    chosen = ratio.arguments(__doc__, "ten kills")
    rounds, kills = (1, 10) if chosen.quick else (6, 50)
    ratio.title(f"restart: {rounds} rounds of {kills} kills in turn")
    plain = compare(chosen, "kill -9 to the next first step", rounds,
                    ("bare fork, exec, dlopen", lambda: bare_times(kills)),
                    ("steadyd", lambda: steadyd_times(kills)), ratio.at_most(1.5))
    standby = compare(chosen, "the same, standby: true", rounds,
                      ("bare wake of a loaded process", lambda: bare_times(kills, "--standby")),
                      ("steadyd", lambda: steadyd_times(kills, standby=True)), ratio.at_most(2.5))
    ratio.write_json(chosen, plain=plain, standby=standby)


main()
