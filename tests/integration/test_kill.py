"""kill -9 of random workers at full speed: nothing is lost, doubled or reordered, and nothing is left over.

A longer run, here of 10 000 kills, with its seed printed on failure:
  STEADY_KILLS=10000 STEADY_BUILD=build/release /usr/bin/python3 -m pytest -q -s tests/integration/test_kill.py
Repeat a run with STEADY_SEED=..., as far as the kernel's scheduling repeats."""
import os
import random
import time

import steady
from graphs import Killer, TRIO, assert_flows, complaints, trio

KILLS = int(os.environ.get("STEADY_KILLS", 40 if steady.SANITIZED else 200))


def kill_many(service, count, rng):
    """Kills `count` workers; often the heir is let run for a moment, sometimes it dies while it starts."""
    killer = Killer(service, rng)
    while killer.count < count:
        time.sleep(rng.choice([0, rng.uniform(0, 0.004)]))  # the moment of the kill, not a wait for anything
        victim = killer.strike()
        if victim and rng.random() < 0.7:
            killer.wait_for_heir(victim)
        if killer.count % 20 == 0:
            assert complaints(service) == {}, f"after {killer.count} kills"
    for name in killer.last:
        killer.wait_for_heir(name)
    service.wait_ready()


def test_killing_random_workers_loses_doubles_and_reorders_nothing_and_leaves_nothing_behind():
    rng = random.Random(steady.seed())
    with steady.Directories() as directories, steady.Service(directories, trio()) as service:
        service.wait_ready()
        open_before = steady.descriptors_at_rest(service.process.pid)
        kill_many(service, KILLS, rng)
        assert_flows(service)
        steady.wait_until(lambda: steady.descriptors(service.process.pid) == open_before,
                          f"steadyd holds what it held before the first kill: {open_before}")
        service.stop_and_check_nothing_is_left()
        assert "nothing is left over" in service.log()


def test_a_stream_with_an_end_is_complete_after_kills():
    rng = random.Random(steady.seed())
    limit = 300_000
    with steady.Directories() as directories:
        graph = trio(generator=f"limit: {limit}, batch: 100", capacity=256)
        held = {"STEADY_DEBUG_COMMIT_STOP": "auditor:1:1"}  # the stream cannot end before its next generation
        with steady.Service(directories, graph, held) as service:
            service.wait_ready()
            killer = Killer(service, rng)
            while killer.count < 6:
                if victim := killer.strike(["generator", "fizzbuzz"]):
                    killer.wait_for_heir(victim)
            assert service.kill_actor("auditor")
            while any(actor["state"] != "finished" for actor in service.status()["actors"]):
                killer.strike()
                time.sleep(rng.uniform(0, 0.05))
            assert service.metric("auditor", "checked") == limit
            assert complaints(service) == {}
            service.stop_and_check_nothing_is_left()


def test_killing_all_workers_at_once_again_and_again():
    rng = random.Random(steady.seed())
    with steady.Directories() as directories, steady.Service(directories, trio()) as service:
        killer = Killer(service, rng)
        for _ in range(5 if steady.SANITIZED else 20):
            service.wait_ready()
            for name in rng.sample(TRIO, len(TRIO)):
                killer.strike([name])
            for name in killer.last:
                killer.wait_for_heir(name)
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


def test_workers_that_crash_by_themselves_in_the_middle_of_a_step():
    crashing = "crash_every: 20ms, crash_kind: {}, crash_seed: {}"
    kinds = ("kill", "abort", "throw", "exit")
    for number, kind in enumerate(kinds):
        yaml = f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, params: {{{crashing.format(kind, 3 * number)}}}}}
  fizzbuzz:  {{plugin: demo, type: fizzbuzz, params: {{{crashing.format(kind, 3 * number + 1)}}}}}
  auditor:   {{plugin: demo, type: auditor, params: {{{crashing.format(kind, 3 * number + 2)}}}}}
channels: [generator.numbers -> fizzbuzz.numbers, fizzbuzz.verdicts -> auditor.verdicts]
supervision: {{intensity: 10000, period: 10s, backoff: {{first: 0ms, min: 1ms, max: 10ms}}}}
"""
        with steady.Directories() as directories, steady.Service(directories, yaml) as service:
            for name in TRIO:
                service.wait_generation(name, 3)
            assert_flows(service)
            assert service.stop() == 0
