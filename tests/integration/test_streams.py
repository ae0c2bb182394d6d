"""Streams that are held, that end, and that outlive stops: whatever is done to them, each message arrives once and in order."""
import os
import random

import pytest

import steady
from graphs import COMPLAINTS, Killer, PATIENT, assert_flows, trio


def channel(service, name):
    return next(found for found in service.status()["channels"] if found["name"] == name)


def assert_audited(service, auditor, limit):
    """The auditor has seen every number once, in order and judged rightly."""
    assert service.metrics(auditor) == {"checked": limit, **dict.fromkeys(COMPLAINTS, 0)}


def assert_all_flow(service, auditors):
    """Each auditor goes on counting and has found nothing."""
    for name in auditors:
        service.wait_metric(name, "checked", service.metrics(name).get("checked", 0) + 1)
        found = service.metrics(name)
        assert [found[word] for word in COMPLAINTS] == [0, 0, 0, 0], (name, found)


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def ready_order(service):
    """The actors in the order in which they became ready."""
    return [line.split("actor=")[1].split()[0] for line in service.log().splitlines() if "Worker is ready" in line]


# ---- actors that share a worker -------------------------------------------------------------------------------------

@pytest.mark.parametrize("names", [("generator", "fizzbuzz"), ("fizzbuzz", "auditor"), ("generator", "auditor")], ids="+".join)
def test_a_stream_through_a_shared_worker_that_is_killed_is_complete(names):
    limit = 100_000
    workers = {name: ", worker: shared" if name in names else "" for name in ("generator", "fizzbuzz", "auditor")}
    (other,) = workers.keys() - set(names)
    yaml = f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, params: {{limit: {limit}, batch: 100}}{workers["generator"]}}}
  fizzbuzz:  {{plugin: demo, type: fizzbuzz{workers["fizzbuzz"]}}}
  auditor:   {{plugin: demo, type: auditor{workers["auditor"]}}}
channels:
  - {{from: generator.numbers, to: fizzbuzz.numbers, capacity: 256}}
  - {{from: fizzbuzz.verdicts, to: auditor.verdicts, capacity: 256}}
{PATIENT}"""
    held = {"STEADY_DEBUG_COMMIT_STOP": f"{other}:1:1"}  # the stream cannot end before the kill
    with steady.Directories() as directories, steady.Service(directories, yaml, held) as service:
        service.wait_ready()
        assert len(set(service.pids().values())) == 2
        assert service.kill_actor(names[0])
        for name in names:
            assert service.wait_generation(name, 1)["generation"] == 1
        heirs = service.pids()
        assert heirs[names[0]] == heirs[names[1]]
        assert service.kill_actor(other)
        service.wait_finished()
        assert_audited(service, "auditor", limit)
        service.stop_and_check_nothing_is_left()


# ---- broadcasts -----------------------------------------------------------------------------------------------------

BROADCAST = f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator}}
  fizzbuzz:  {{plugin: demo, type: fizzbuzz}}
  left:      {{plugin: demo, type: auditor}}
  right:     {{plugin: demo, type: auditor}}
channels:
  - {{from: generator.numbers, to: fizzbuzz.numbers, capacity: 256}}
  - {{from: fizzbuzz.verdicts, to: [left.verdicts, right.verdicts], capacity: 256}}
{PATIENT}"""


def test_both_readers_of_a_broadcast_get_everything_while_one_is_killed_again_and_again():
    with steady.Directories() as directories, steady.Service(directories, BROADCAST) as service:
        service.wait_ready()
        killer = Killer(service, random.Random(steady.seed()))
        for _ in range(5 if steady.SANITIZED else 20):
            assert killer.strike(["left"])
            killer.wait_for_heir("left")
        assert_all_flow(service, ["left", "right"])
        assert [service.actor(name)["generation"] for name in ("generator", "fizzbuzz", "right")] == [0, 0, 0]
        service.stop_and_check_nothing_is_left()


def test_a_stopped_reader_of_a_broadcast_holds_the_producer_until_it_is_started():
    with steady.Directories() as directories, steady.Service(directories, BROADCAST) as service:
        service.wait_ready()
        service.ask("stop", actor="left")
        service.wait_state("left", "stopped")

        def waiting():
            return {one["actor"]: one["inflight_messages"] for one in channel(service, "fizzbuzz.verdicts")["readers"]}

        # A producer that found the ring full sleeps until half of it is free: more than half is all that is certain.
        capacity = channel(service, "fizzbuzz.verdicts")["capacity_messages"]
        steady.wait_until(lambda: waiting()["left"] >= capacity // 2 and waiting()["right"] == 0,
                          "verdicts wait for left, and right has read all")
        seen = service.metric("left", "checked")
        for _ in range(50):
            assert channel(service, "fizzbuzz.verdicts")["messages_sent"] <= seen + capacity
        service.ask("start", actor="left")
        service.wait_metric("left", "checked", seen + capacity + 1)
        assert_all_flow(service, ["left", "right"])
        service.stop_and_check_nothing_is_left()


# ---- streams that end -----------------------------------------------------------------------------------------------

def test_a_finished_source_finishes_its_whole_graph_and_no_other():
    limit = 123_456
    yaml = f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, params: {{limit: {limit}}}}}
  fizzbuzz:  {{plugin: demo, type: fizzbuzz}}
  auditor:   {{plugin: demo, type: auditor}}
  aside:     {{plugin: 'null'}}
  clock:     {{plugin: ticker, params: {{interval: 1ms}}}}
  drop:      {{plugin: 'null'}}
channels:
  - {{from: generator.numbers, to: [fizzbuzz.numbers, aside.items]}}
  - fizzbuzz.verdicts -> auditor.verdicts
  - clock.ticks -> drop.items
"""
    ending = ("generator", "fizzbuzz", "auditor", "aside")
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        for name in ending:
            service.wait_state(name, "finished")
        for name in ("generator.numbers", "fizzbuzz.verdicts"):
            found = channel(service, name)
            assert (found["messages_sent"], found["inflight_messages"], found["closed"]) == (limit, 0, True)
            assert {one["messages_received"] for one in found["readers"]} == {limit}
        assert_audited(service, "auditor", limit)
        assert service.metric("aside", "items") == limit
        service.wait_metric("drop", "items", service.metric("drop", "items") + 1)
        assert set(service.pids()) == {"clock", "drop"}
        assert [service.actor(name)["generation"] for name in ending] == [0, 0, 0, 0]
        assert service.status()["ready"]
        service.stop_and_check_nothing_is_left()


def test_max_bounds_a_batch_and_min_gathers_one_of_the_same_stream():
    limit, most, least = 10_000, 7, 1000
    yaml = f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, params: {{limit: {limit}}}}}
  small:     {{plugin: 'null', inputs: {{items: {{max: {most}}}}}}}
  large:     {{plugin: 'null', inputs: {{items: {{min: {least}}}}}}}
channels: [{{from: generator.numbers, to: [small.items, large.items], capacity: 4Ki}}]
"""
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_finished()
        assert [service.metric(name, "items") for name in ("small", "large")] == [limit, limit]
        assert service.actor("small")["steps"] >= limit / most
        assert service.actor("large")["steps"] <= limit / least + 2  # one more for the rest, one for the end
        service.stop_and_check_nothing_is_left()


# Who is listed first is started first: with the sinks first, a source starts when its readers already wait.
LISTINGS = {"sources first": ("generator", "fizzbuzz", "auditor"), "sinks first": ("auditor", "fizzbuzz", "generator"),
            "the middle first": ("fizzbuzz", "auditor", "generator")}


@pytest.mark.parametrize("listing", LISTINGS)
def test_steadyd_killed_when_the_source_had_finished_and_the_sink_had_not_delivers_the_rest_once(listing):
    limit = 5000
    actors = {"generator": f"{{plugin: demo, type: generator, params: {{limit: {limit}}}}}",
              "fizzbuzz": "{plugin: demo, type: fizzbuzz}",
              "auditor": "{plugin: demo, type: auditor, inputs: {verdicts: {max: 100}}}"}
    yaml = "steadyd: 1\nactors:\n" + "".join(f"  {name}: {actors[name]}\n" for name in LISTINGS[listing]) \
        + "channels: [generator.numbers -> fizzbuzz.numbers, fizzbuzz.verdicts -> auditor.verdicts]\n"
    slow = {"STEADY_DEBUG_COMMIT_STOP": "auditor:1:3"}  # its first generation never gets beyond its third step
    with steady.Directories() as directories, steady.Service(directories, yaml, slow) as service:
        for name in ("generator", "fizzbuzz"):
            service.wait_state(name, "finished")
        steady.wait_until(lambda: 0 < service.metrics("auditor").get("checked", 0) <= 200, "some steps are done")
        service.kill_steadyd()
        service.start()
        service.wait_finished()
        assert_audited(service, "auditor", limit)
        service.stop_and_check_nothing_is_left()


def test_lines_that_steadyds_death_left_between_a_finished_tail_and_its_sink_are_written_once():
    with steady.Directories() as directories:
        expected = [f"line {number}" for number in range(2000)]
        directories.write("in", "\n".join(expected) + "\n")
        out = directories.root / "out"
        yaml = f"""steadyd: 1
actors:
  out:  {{plugin: file, type: append, params: {{path: "{out}"}}, inputs: {{lines: {{max: 10}}}}}}
  tail: {{plugin: file, type: tail, params: {{path: "{directories.root}/in", follow: false}}}}
channels: [tail.lines -> out.lines]
"""
        slow = {"STEADY_DEBUG_COMMIT_STOP": "out:1:5"}
        with steady.Service(directories, yaml, slow) as service:
            service.wait_state("tail", "finished")
            steady.wait_until(lambda: lines(out), "the sink has written something")
            service.kill_steadyd()
            assert len(lines(out)) < len(expected)
            service.start()
            service.wait_finished()
            assert lines(out) == expected
            service.stop_and_check_nothing_is_left()


# ---- state ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["generator", "fizzbuzz", "auditor"])
def test_state_outlives_a_stop_and_a_restart_by_the_operator(name):
    with steady.Directories() as directories, steady.Service(directories, trio()) as service:
        service.wait_ready()
        for generation in range(1, 7):
            before = service.wait_metric("auditor", "checked", 1)
            if generation % 2:
                service.ask("stop", actor=name)
                assert service.wait_state(name, "stopped")["pid"] == 0
                service.ask("start", actor=name)
            else:
                service.ask("restart", actor=name)
            assert service.wait_generation(name, generation)["generation"] == generation
            assert service.metric("auditor", "checked") >= before
            assert_flows(service)
        service.stop_and_check_nothing_is_left()


def test_a_durable_place_in_a_file_outlives_clean_stops_and_lines_come_once():
    with steady.Directories() as directories:
        log, out = directories.root / "in", directories.root / "out"
        yaml = f"""steadyd: 1
actors:
  out:  {{plugin: file, type: append, params: {{path: "{out}"}}}}
  tail: {{plugin: file, type: tail, params: {{path: "{log}", poll: 10ms}}}}
channels: [tail.lines -> out.lines]
"""
        expected = []

        def append_lines(when):
            more = [f"{when} {number}" for number in range(100)]
            expected.extend(more)
            with open(log, "a", encoding="ascii") as file:
                file.write("\n".join(more) + "\n")

        def wait_written():
            steady.wait_until(lambda: len(lines(out)) >= len(expected), "all lines are written")

        append_lines("before the first start")
        with steady.Service(directories, yaml) as service:
            for number in range(4):
                wait_written()
                append_lines(f"while it runs, {number}")
                wait_written()
                service.stop_and_check_nothing_is_left()
                assert lines(out) == expected
                append_lines(f"after a stop, {number}")
                service.start()
            wait_written()
            service.stop_and_check_nothing_is_left()
            assert lines(out) == expected


# ---- supervisors ----------------------------------------------------------------------------------------------------

NESTED = """steadyd: 1
actors:
  generator: {plugin: demo, type: generator}
  fizzbuzz:  {plugin: demo, type: fizzbuzz}
  auditor:   {plugin: demo, type: auditor}
  clock:     {plugin: ticker, params: {interval: 10ms}}
  drop:      {plugin: 'null'}
channels:
  - generator.numbers -> fizzbuzz.numbers
  - fizzbuzz.verdicts -> auditor.verdicts
  - clock.ticks -> drop.items
supervision:
  children:
    - supervisor:
        name: outer
        children:
          - drop
          - supervisor: {name: inner, children: [auditor, fizzbuzz]}
          - clock
    - generator
"""


def test_nested_supervisors_start_their_children_in_order_each_ready_before_the_next():
    with steady.Directories() as directories, steady.Service(directories, NESTED) as service:
        service.wait_ready()
        assert ready_order(service) == ["drop", "auditor", "fizzbuzz", "clock", "generator"]
        assert {found["name"]: found["parent"] for found in service.status()["supervisors"]} \
            == {"root": "", "outer": "root", "inner": "outer"}
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


def test_a_branch_that_gives_up_is_restarted_alone_and_in_order():
    yaml = NESTED.replace("name: inner,", "name: inner, intensity: 0,")
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_ready()
        before = service.pids()
        os.kill(before["fizzbuzz"], 9)
        for name in ("auditor", "fizzbuzz"):
            service.wait_generation(name, 1)
        assert ready_order(service)[5:] == ["auditor", "fizzbuzz"]
        after = service.pids()
        assert {name for name in before if after[name] == before[name]} == {"drop", "clock", "generator"}
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


@pytest.mark.parametrize("wait", ["block", "adaptive"])
def test_a_reader_that_wants_more_than_half_the_ring_and_takes_little_does_not_wedge_its_producer(wait):
    """The producer of a full ring sleeps until half of it is free; the reader sleeps until nearly all of it is there."""
    yaml = f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, params: {{limit: 200000}}, wait: {wait}}}
  nibbler: {{plugin: nibbler, inputs: {{numbers: {{min: 80}}}}, wait: {wait}}}
channels:
  - {{from: generator.numbers, to: nibbler.numbers, capacity: 100}}
"""
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_finished()
        assert service.metric("nibbler", "taken") == 200_000
