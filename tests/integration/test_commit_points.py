"""The commit is stopped at each of its numbered points (daemon/ipc/commit.hpp), and the worker, or everything, is killed
there. Whatever was decided happens once, whatever was not happens never, and the stream goes on."""
import os
import random
import signal

import pytest

import steady
from graphs import TRIO, complaints, trio

POINTS = {1: "before the record", 2: "before arming it", 3: "armed", 4: "between the ends", 5: "before the state",
          6: "before closing", 7: "before disarming", 8: "disarmed", 9: "done"}
LIMIT = 5000
FINISHING = 10

# Every worker makes many small commits, so that the tested one is in the middle of the stream.
STREAM = trio(generator=f"limit: {LIMIT}, batch: 20", capacity=40)

# One commit with all numbers, then the one that ends the stream; the generator does both in one.
ENDING = f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, params: {{limit: {FINISHING}}}}}
  fizzbuzz:  {{plugin: demo, type: fizzbuzz, inputs: {{numbers: {{min: {FINISHING}}}}}}}
  auditor:   {{plugin: demo, type: auditor, inputs: {{verdicts: {{min: {FINISHING}}}}}}}
channels: [generator.numbers -> fizzbuzz.numbers, fizzbuzz.verdicts -> auditor.verdicts]
"""
ENDING_COMMIT = {"generator": 1, "fizzbuzz": 2, "auditor": 2}
# A commit that only ends the stream moves no end, so it never stands between two.
ENDING_CASES = [(actor, point) for actor in TRIO for point in POINTS
                if not (point == 4 and ENDING_COMMIT[actor] == 2)]


def wait_stopped(service, actor):
    """Waits until generation 0 of the actor stands still inside its commit; returns its process."""
    pid = steady.wait_until(lambda: service.actor(actor)["pid"], f"{actor} is started")
    steady.wait_until(lambda: steady.is_stopped(pid), f"{actor} stops in its commit")
    return pid


def check_complete(service, limit):
    """The stream came to its end, and every number once and in order."""
    service.wait_finished()
    assert complaints(service) == {}
    assert service.metric("auditor", "checked") == limit


def stop_at(actor, point, commit):
    return {"STEADY_DEBUG_COMMIT_STOP": f"{actor}:{point}:{commit}"}


def named(cases):
    return [pytest.param(actor, point, id=f"{actor}, {POINTS[point]}") for actor, point in cases]


EVERYWHERE = named([(actor, point) for actor in TRIO for point in POINTS])


@pytest.mark.parametrize("actor, point", EVERYWHERE)
def test_a_worker_killed_within_a_commit_neither_loses_nor_doubles(actor, point):
    commit = random.Random(steady.seed()).randrange(1, 40)
    environment = stop_at(actor, point, commit)
    with steady.Directories() as directories, steady.Service(directories, STREAM, environment) as service:
        pid = wait_stopped(service, actor)
        os.kill(pid, signal.SIGKILL)
        service.wait_state(actor, "running", "finished")
        check_complete(service, LIMIT)
        assert service.actor(actor)["generation"] == 1
        service.stop_and_check_nothing_is_left()


@pytest.mark.parametrize("actor, point", named(ENDING_CASES))
def test_a_worker_killed_within_the_commit_that_ends_its_stream_still_ends_it_once(actor, point):
    environment = stop_at(actor, point, ENDING_COMMIT[actor])
    with steady.Directories() as directories, steady.Service(directories, ENDING, environment) as service:
        os.kill(wait_stopped(service, actor), signal.SIGKILL)
        check_complete(service, FINISHING)
        service.stop_and_check_nothing_is_left()


@pytest.mark.parametrize("actor, point", EVERYWHERE)
def test_steadyd_and_all_workers_killed_within_a_commit_go_on_after_the_next_start(actor, point):
    commit = random.Random(steady.seed()).randrange(1, 40)
    environment = stop_at(actor, point, commit)
    with steady.Directories() as directories, steady.Service(directories, STREAM, environment) as service:
        wait_stopped(service, actor)
        pids = service.pids().values()
        service.kill_steadyd()
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it died with steadyd
        service.start()
        check_complete(service, LIMIT)
        service.stop_and_check_nothing_is_left()


@pytest.mark.parametrize("point", [3, 4, 5, 6, 7], ids=POINTS.get)
def test_a_commit_that_was_decided_is_finished_by_the_next_generation(point):
    environment = stop_at("fizzbuzz", point, 3)
    with steady.Directories() as directories, steady.Service(directories, STREAM, environment) as service:
        os.kill(wait_stopped(service, "fizzbuzz"), signal.SIGKILL)
        check_complete(service, LIMIT)
        service.wait_log("An interrupted commit was finished  actor=fizzbuzz  generation=1")
