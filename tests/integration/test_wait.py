"""A worker that waits adaptively gets up for news that it expects, and for nothing else."""
import os
import pathlib
import signal
import time

import pytest

import steady

GRAPH = """steadyd: 1
actors:
  clock: {plugin: ticker, params: {interval: 1ms}, wait: %s}
  drop: {plugin: 'null', wait: %s}
channels:
  - clock.ticks -> drop.items
"""
LEARNED = 300  # ticks after which the reader expects the next


def wake_ups(pid):
    """How often its threads went to sleep: as often as they woke up."""
    told = (line for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
            for line in (task / "status").read_text().splitlines())
    return sum(int(line.split()[1]) for line in told if line.startswith("voluntary_ctxt_switches:"))


def received(service):
    return service.status()["channels"][0]["readers"][0]["messages_received"]


def sleeps_on(pid):
    before = wake_ups(pid)
    time.sleep(0.2)  # two hundred ticks, if there were any
    return wake_ups(pid) == before


@pytest.mark.parametrize("wait", ["block", "adaptive"])
def test_a_reader_that_expected_the_next_tick_sleeps_for_good_when_there_is_none(wait):
    with steady.Directories() as directories, steady.Service(directories, GRAPH % (wait, wait)) as service:
        service.wait_ready()
        reader = service.pids()["drop"]
        steady.wait_until(lambda: received(service) >= LEARNED, "the reader to learn")
        before = received(service), wake_ups(reader)
        steady.wait_until(lambda: received(service) >= 2 * LEARNED, "more ticks")
        wakes, ticks = wake_ups(reader) - before[1], received(service) - before[0]
        assert wakes <= 2 * ticks, "one for the tick, and one where it was expected and came later"
        clock = service.pids()["clock"]
        for _ in range(5):  # on a busy machine it does not expect every tick
            os.kill(clock, signal.SIGSTOP)  # nothing tells the reader that no more will come
            steady.wait_until(lambda: sleeps_on(reader), "the reader to sleep")
            os.kill(clock, signal.SIGCONT)
            ticks = received(service)
            steady.wait_until(lambda: received(service) >= ticks + LEARNED // 3, "more ticks")
        assert service.stop() == 0
