"""What a graph can be built of: shared workers, broadcast, many lanes into one port, parameters, tuned inputs."""
import random
import time

import steady
from graphs import COMPLAINTS, Killer, PATIENT, assert_flows, complaints


def test_actors_of_a_shared_worker_live_and_die_together():
    yaml = f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, worker: pair}}
  fizzbuzz:  {{plugin: demo, type: fizzbuzz, worker: pair}}
  auditor:   {{plugin: demo, type: auditor}}
channels: [generator.numbers -> fizzbuzz.numbers, fizzbuzz.verdicts -> auditor.verdicts]
{PATIENT}"""
    rng = random.Random(steady.seed())
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_ready()
        pids = service.pids()
        assert pids["generator"] == pids["fizzbuzz"] != pids["auditor"]
        for generation in range(1, 6 if steady.SANITIZED else 21):
            time.sleep(rng.uniform(0, 0.01))
            service.kill_actor(rng.choice(["generator", "fizzbuzz"]))
            for name in ("generator", "fizzbuzz"):
                service.wait_generation(name, generation)
        assert_flows(service)
        assert service.actor("auditor")["generation"] == 0
        service.stop_and_check_nothing_is_left()


def test_a_whole_graph_in_one_worker():
    yaml = f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, worker: all, params: {{limit: 100000}}}}
  fizzbuzz:  {{plugin: demo, type: fizzbuzz, worker: all}}
  auditor:   {{plugin: demo, type: auditor, worker: all}}
channels: [generator.numbers -> fizzbuzz.numbers, fizzbuzz.verdicts -> auditor.verdicts]
{PATIENT}"""
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_finished()
        assert service.metric("auditor", "checked") == 100_000
        assert complaints(service) == {}
        service.stop_and_check_nothing_is_left()


def test_a_broadcast_reaches_every_reader_whole_through_kills():
    limit = 200_000
    yaml = f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, params: {{limit: {limit}, batch: 50}}}}
  first:     {{plugin: demo, type: fizzbuzz}}
  auditor:   {{plugin: demo, type: auditor}}
  second:    {{plugin: demo, type: fizzbuzz, inputs: {{numbers: {{max: 7}}}}}}
  auditor2:  {{plugin: demo, type: auditor}}
  sink:      {{plugin: "null"}}
channels:
  - {{from: generator.numbers, to: [first.numbers, second.numbers, sink.items], capacity: 100}}
  - first.verdicts -> auditor.verdicts
  - second.verdicts -> auditor2.verdicts
{PATIENT}"""
    rng = random.Random(steady.seed())
    held = {"STEADY_DEBUG_COMMIT_STOP": "auditor:1:1"}  # the stream cannot end before this one is killed
    with steady.Directories() as directories, steady.Service(directories, yaml, held) as service:
        killer = Killer(service, rng)
        while any(actor["state"] != "finished" for actor in service.status()["actors"]):
            time.sleep(rng.uniform(0, 0.03))
            killer.strike()
        for auditor in ("auditor", "auditor2"):
            metrics = service.metrics(auditor)
            assert metrics["checked"] == limit
            assert all(metrics[name] == 0 for name in COMPLAINTS)
        assert service.metric("sink", "items") == limit
        service.stop_and_check_nothing_is_left()


def test_many_lanes_of_different_kinds_into_one_port_are_all_served():
    with steady.Directories() as directories:
        text = directories.write("text", "".join(f"line {number}\n" for number in range(500)))
        yaml = f"""steadyd: 1
actors:
  fast: {{plugin: demo, type: generator, params: {{limit: 300}}}}
  slow: {{plugin: ticker, params: {{interval: 1ms, limit: 20}}}}
  tail: {{plugin: file, type: tail, params: {{path: "{text}", follow: false}}}}
  out:  {{plugin: file, type: append, params: {{path: "{directories.root}/out"}}}}
  sink: {{plugin: "null"}}
channels:
  - {{from: fast.numbers, to: [out.lines, sink.items]}}
  - {{from: slow.ticks, to: [out.lines, sink.items]}}
  - {{from: tail.lines, to: [out.lines, sink.items]}}
{PATIENT}"""
        with steady.Service(directories, yaml) as service:
            service.wait_finished()
            lines = (directories.root / "out").read_text().splitlines()
            assert [line for line in lines if line.startswith("line")] == [f"line {number}" for number in range(500)]
            assert [line for line in lines if line.startswith('{"value"')] == [f'{{"value":{n}}}' for n in range(300)]
            assert len([line for line in lines if line.startswith('{"number"')]) == 20
            assert service.metric("sink", "items") == 820
            service.stop_and_check_nothing_is_left()


def test_a_source_that_never_rests_does_not_starve_the_other_lane():
    yaml = f"""steadyd: 1
actors:
  flood:  {{plugin: demo, type: generator}}
  ticker: {{plugin: ticker, params: {{interval: 1ms, limit: 50}}}}
  sink:   {{plugin: "null"}}
channels: [flood.numbers -> sink.items, ticker.ticks -> sink.items]
{PATIENT}"""
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_state("ticker", "finished")
        ticks = lambda: next(channel for channel in service.status()["channels"] if channel["name"] == "ticker.ticks")
        steady.wait_until(lambda: ticks()["readers"][0]["messages_received"] == 50, "every tick is taken")
        assert service.stop() == 0


def test_min_and_max_wait_gather_a_batch_and_max_bounds_it():
    yaml = f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, params: {{limit: 1000}}}}
  fizzbuzz:  {{plugin: demo, type: fizzbuzz, inputs: {{numbers: {{max: 10}}}}}}
  auditor:   {{plugin: demo, type: auditor, inputs: {{verdicts: {{min: 100}}}}}}
channels: [generator.numbers -> fizzbuzz.numbers, fizzbuzz.verdicts -> auditor.verdicts]
{PATIENT}"""
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_finished()
        assert service.metric("auditor", "checked") == 1000
        assert service.actor("fizzbuzz")["steps"] >= 100
        assert service.actor("auditor")["steps"] <= 10 + 1  # the end has one of its own
        service.stop_and_check_nothing_is_left()


def test_max_wait_ends_the_wait_for_a_batch():
    yaml = f"""steadyd: 1
actors:
  ticker: {{plugin: ticker, params: {{interval: 5ms}}}}
  sink:   {{plugin: "null", inputs: {{items: {{min: 1000, max_wait: 20ms}}}}}}
channels: [ticker.ticks -> sink.items]
{PATIENT}"""
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_metric("sink", "items", 5)
        service.stop_and_check_nothing_is_left()


def test_a_stop_lets_the_rest_run_empty():
    """What a source has sent before the stop is read to the last message by all that follow."""
    yaml = f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator}}
  fizzbuzz:  {{plugin: demo, type: fizzbuzz}}
  out:       {{plugin: "null"}}
channels:
  - {{from: generator.numbers, to: fizzbuzz.numbers}}
  - {{from: fizzbuzz.verdicts, to: out.items}}
{PATIENT}"""
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_metric("out", "items", 1)
        service.stop_and_check_nothing_is_left()
        assert "Left at the stop" not in service.log()
