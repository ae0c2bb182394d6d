"""Actors that share a thread take turns: each keeps its promises, none is starved, and who is to blame is still known."""
import random

import pytest

import steady
from graphs import COMPLAINTS, Killer, PATIENT, assert_flows


def shared(threads, more="", wait="adaptive"):
    """The trio in one worker; threads: which thread each of its actors is on."""
    lines = [f"  {name}: {{plugin: demo, type: {name}, worker: pool, thread: {thread}, wait: {wait}{more}}}"
             for name, thread in threads.items()]
    return "\n".join(["steadyd: 1", "actors:", *lines, "channels:",
                      "  - {from: generator.numbers, to: fizzbuzz.numbers, capacity: 256}",
                      "  - {from: fizzbuzz.verdicts, to: auditor.verdicts, capacity: 256}"]) + "\n" + PATIENT


ALL_ON_ONE = {"generator": "one", "fizzbuzz": "one", "auditor": "one"}
NEIGHBOURS = {"generator": "one", "fizzbuzz": "one", "auditor": "two"}
ENDS = {"generator": "one", "fizzbuzz": "two", "auditor": "one"}


@pytest.mark.parametrize("wait", ["block", "adaptive", "spin"])
@pytest.mark.parametrize("threads", [ALL_ON_ONE, NEIGHBOURS, ENDS], ids=["all", "neighbours", "ends"])
def test_a_graph_on_shared_threads_flows_and_survives_kills(threads, wait):
    with steady.Directories() as directories, steady.Service(directories, shared(threads, wait=wait)) as service:
        service.wait_ready()
        pid = service.pids()["generator"]
        assert set(service.pids().values()) == {pid}
        names = {open(f"/proc/{pid}/task/{task.name}/comm", encoding="ascii").read().strip()
                 for task in steady.pathlib.Path(f"/proc/{pid}/task").iterdir()}
        assert set(threads.values()) <= names and not set(threads) & names
        killer = Killer(service, random.Random(steady.seed()))
        for _ in range(3):
            assert killer.strike(["fizzbuzz"])
            killer.wait_for_heir("fizzbuzz")
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


def test_an_actor_alone_in_its_worker_runs_on_the_main_thread_and_another_one_reads_orders():
    yaml = """steadyd: 1
actors:
  clock: {plugin: ticker, params: {interval: 1h}}
  drop: {plugin: 'null'}
channels: [clock.ticks -> drop.items]
"""
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_ready()
        pid = service.actor("clock")["pid"]
        name = lambda task: (task / "comm").read_text().strip()
        tasks = steady.pathlib.Path(f"/proc/{pid}/task")
        steady.wait_until(lambda: sorted(map(name, tasks.iterdir())) == ["clock", "orders"], "both threads are there")
        assert name(tasks / str(pid)) == "clock"
        service.stop_and_check_nothing_is_left()  # an order reaches it although it sleeps for an hour


def test_a_stream_through_one_thread_ends_with_everything_delivered_once():
    limit = 100_000
    yaml = shared(ALL_ON_ONE).replace("type: generator,", f"type: generator, params: {{limit: {limit}}},")
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_finished()
        assert service.metrics("auditor") == {"checked": limit, **dict.fromkeys(COMPLAINTS, 0)}
        service.stop_and_check_nothing_is_left()


def test_a_timer_is_served_beside_actors_that_are_never_idle():
    yaml = """steadyd: 1
actors:
  generator: {plugin: demo, type: generator, worker: pool, thread: one}
  nowhere: {plugin: 'null', worker: pool, thread: one}
  clock: {plugin: ticker, params: {interval: 10ms}, worker: pool, thread: one}
  drop: {plugin: 'null', worker: pool, thread: one}
channels:
  - generator.numbers -> nowhere.items
  - clock.ticks -> drop.items
"""
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_metric("drop", "items", 20)
        service.wait_metric("nowhere", "items", 1_000_000)
        service.stop_and_check_nothing_is_left()


def test_an_idle_thread_sleeps():
    yaml = """steadyd: 1
actors:
  clock: {plugin: ticker, params: {interval: 1h}, worker: pool, thread: one}
  drop: {plugin: 'null', worker: pool, thread: one}
channels: [clock.ticks -> drop.items]
"""
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_ready()
        steady.wait_until(lambda: {service.actor(name)["activity"] for name in ("clock", "drop")}
                          == {"waiting_for_timer", "waiting_for_input"}, "both wait")
        service.stop_and_check_nothing_is_left()


def test_the_incident_of_a_shared_thread_names_the_actor_whose_code_it_was():
    yaml = shared(ALL_ON_ONE).replace(
        "type: fizzbuzz,", "type: fizzbuzz, params: {crash_every: 50ms, crash_kind: segv},")
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        incidents = steady.wait_until(lambda: service.ask("incidents")["incidents"], "an incident")
        assert {incident["actor"] for incident in incidents} == {"fizzbuzz"}
        service.stop_and_check_nothing_is_left()
