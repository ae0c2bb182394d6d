"""A worker that waits adaptively gets up for news that it expects, and for nothing else; nobody waits for what is there."""
import json
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


FICKLE = """steadyd: 1
telemetry: {sampling: false}
actors:
  source: {plugin: ticker, params: {interval: 1h}}
  sink: {plugin: fickle}
channels:
  - {from: source.ticks, to: sink.items, injectable: true}
"""


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


def test_an_actor_that_changes_its_conditions_in_a_step_takes_what_waits_already():
    with steady.Directories() as directories, steady.Service(directories, FICKLE) as service:
        service.wait_ready()

        def inject(count):
            ticks = "".join(json.dumps({"number": number, "time": 0.5}) + "\n" for number in range(count))
            assert service.ctl("inject", "source.ticks", directories.write("ticks", ticks)).returncode == 0

        inject(1)
        steady.wait_until(lambda: service.actor("sink")["steps"] == 1, "a step that does nothing")
        assert received(service) == 0
        sink = service.pids()["sink"]
        os.kill(sink, signal.SIGSTOP)  # so that they are news all at once
        inject(20)
        os.kill(sink, signal.SIGCONT)
        steady.wait_until(lambda: received(service) == 21, "every item is taken, without another")
