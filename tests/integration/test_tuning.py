"""Thresholds and windows that change while actors run, by `steadyctl set` and to hold a latency target."""
import json
import random

import pytest

import steady
from graphs import assert_flows, complaints, trio

MANY = 20_000  # steps, beside which it does not matter that two words of a snapshot are not read at once


def channel(service, name):
    return next(each for each in service.status()["channels"] if each["name"] == name)


def batch(service):
    """How many messages a step of fizzbuzz takes on average, from here on."""
    def look():
        graph = service.status()
        actor = next(each for each in graph["actors"] if each["name"] == "fizzbuzz")
        sent = next(each for each in graph["channels"] if each["name"] == "generator.numbers")
        return actor["steps"], sent["readers"][0]["messages_received"]

    steps, messages = look()
    steady.wait_until(lambda: look()[0] >= steps + MANY, "fizzbuzz steps")
    now = look()
    return (now[1] - messages) / (now[0] - steps)


def set_to(service, target, *values):
    answer = service.ctl("--json", "set", target, *values)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)["values"]


def test_thresholds_change_without_a_restart_and_survive_one():
    with steady.Directories() as directories, steady.Service(directories, trio()) as service:
        service.wait_ready()
        before = service.actor("fizzbuzz")
        values = set_to(service, "fizzbuzz.numbers", "max=7", "max_wait=2ms")
        assert values["max"] == {"value": 7, "text": "7", "from": "operator"}
        assert values["max_wait"] == {"value": 0.002, "text": "2ms", "from": "operator"}
        assert values["min"]["from"] == "default"
        steady.wait_until(lambda: batch(service) <= 7.5, "steps take at most 7")
        after = service.actor("fizzbuzz")
        assert (after["pid"], after["generation"]) == (before["pid"], before["generation"])
        assert channel(service, "generator.numbers")["readers"][0]["max"] == 7

        service.kill_actor("fizzbuzz")
        service.wait_generation("fizzbuzz", 1)
        assert batch(service) <= 7.5
        assert "operator" in service.ctl("get", "fizzbuzz.numbers").stdout

        values = set_to(service, "fizzbuzz.numbers", "max=default", "max_wait=default")
        assert values["max"] == {"value": None, "text": "as many as there are", "from": "default"}
        steady.wait_until(lambda: batch(service) > 7.5, "steps take more again")
        assert_flows(service)
        assert service.actor("fizzbuzz")["generation"] == 1


def test_a_window_bounds_what_is_in_flight():
    yaml = trio(capacity="4Ki").replace("numbers, capacity", "numbers, window: 100, capacity")
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_ready()

        def in_flight_without_reader():
            """What the generator puts before it sleeps, which it does until half of its window is free."""
            assert service.ctl("stop", "fizzbuzz").returncode == 0
            service.wait_state("fizzbuzz", "stopped")
            steady.wait_until(lambda: service.actor("generator")["activity"] == "waiting_for_room", "the generator sleeps")
            in_flight = channel(service, "generator.numbers")["inflight_messages"]
            assert service.ctl("start", "fizzbuzz").returncode == 0
            service.wait_state("fizzbuzz", "running")
            return in_flight

        for window, how in ((100, "configuration"), (37, "operator"), (1, "operator"), (4096, "operator"),
                            (37, "operator"), (100, "configuration")):
            if how == "operator" or window == 100 and service.actor("fizzbuzz")["generation"]:
                text = f"window={window}" if how == "operator" else "window=default"
                assert set_to(service, "generator.numbers", text)["window"] == {
                    "value": window, "text": "4Ki" if window == 4096 else str(window), "from": how}
            assert_flows(service)
            steady.wait_until(lambda: window / 2 < in_flight_without_reader() <= window, f"the window of {window} is filled")
        assert complaints(service) == {}


def test_nothing_is_lost_when_workers_die_while_windows_change():
    rng = random.Random(steady.seed())
    with steady.Directories() as directories, steady.Service(directories, trio(capacity="1Ki")) as service:
        service.wait_ready()
        for _ in range(12):
            window = rng.choice((1, 2, 3, 10, 100, 1024))
            set_to(service, rng.choice(("generator.numbers", "fizzbuzz.verdicts")), f"window={window}")
            name = rng.choice(("generator", "fizzbuzz", "auditor"))
            generation = service.actor(name)["generation"]
            if service.kill_actor(name):
                service.wait_generation(name, generation + 1)
            assert_flows(service)


def test_a_frame_that_is_longer_than_the_window_passes_alone():
    lines = [str(number) * length for number, length in enumerate((10, 5000, 20000, 3, 60000, 1, 4088, 9000)) if number]
    with steady.Directories() as directories:
        source = directories.write("in", "\n".join(lines) + "\n")
        yaml = f"""steadyd: 1
actors:
  tail: {{plugin: file, type: tail, params: {{path: {source}, follow: false}}}}
  out: {{plugin: file, type: append, params: {{path: {directories.root / "out"}}}}}
channels:
  - {{from: tail.lines, to: out.lines, window: 4Ki}}
"""
        with steady.Service(directories, yaml) as service:
            service.wait_finished()
            assert (directories.root / "out").read_text().split() == lines


REFUSED = {
    ("nobody.numbers", "max=7"): "there is no actor 'nobody'",
    ("fizzbuzz", "max=7"): "expected ACTOR.INPUT or the CHANNEL of an ACTOR.OUTPUT, found 'fizzbuzz'",
    ("fizzbuzz.nmbers", "max=7"): "no channel is connected to a port 'nmbers' of fizzbuzz, did you mean 'numbers'?",
    ("fizzbuzz.numbers", "max=0"): "fizzbuzz.numbers.max: expected a size from 1 to 1Gi such as 512 or 64Ki, or default,"
                                   " found '0'",
    ("fizzbuzz.numbers", "max_wait=2"): "fizzbuzz.numbers.max_wait: expected a duration from 0s to 1h",
    ("fizzbuzz.numbers", "mxa=2"): "fizzbuzz.numbers: expected min, max, max_wait, found 'mxa', did you mean 'max'?",
    ("fizzbuzz.numbers", "window=2"): "fizzbuzz.numbers: expected min, max, max_wait, found 'window'",
    ("fizzbuzz.numbers", "min=8", "max=7"): "fizzbuzz.numbers.max: expected at least the min of 8, found 7",
    ("fizzbuzz.numbers", "min=2Ki"): "expected at most the 1Ki messages that channel generator.numbers holds, found 2Ki",
    ("generator.numbers", "window=2Ki"): "generator.numbers.window: expected 1 up to the capacity of 1Ki, found 2Ki",
    ("generator.numbers", "max=7"): "generator.numbers: expected window, found 'max'",
}


def test_what_makes_no_sense_is_refused_and_changes_nothing():
    with steady.Directories() as directories, steady.Service(directories, trio(capacity="1Ki")) as service:
        service.wait_ready()
        for arguments, reason in REFUSED.items():
            answer = service.ctl("set", *arguments)
            assert answer.returncode == 1 and reason in answer.stderr, (arguments, answer.stderr)
        for arguments in (["max"], ["=7"], ["max=1", "max=2"]):
            assert service.ctl("set", "fizzbuzz.numbers", *arguments).returncode == 2
        set_to(service, "fizzbuzz.numbers", "min=8")
        answer = service.ctl("set", "generator.numbers", "window=7")
        assert "expected 8, the min of a reader, up to the capacity of 1Ki, found 7" in answer.stderr
        set_to(service, "generator.numbers", "window=8")
        answer = service.ctl("set", "fizzbuzz.numbers", "min=9")
        assert "expected at most the 8 messages of the window of channel generator.numbers, found 9" in answer.stderr
        values = json.loads(service.ctl("--json", "get", "fizzbuzz.numbers").stdout)["values"]
        assert [values[name]["from"] for name in ("min", "max", "max_wait")] == ["operator", "default", "default"]
        assert_flows(service)


SLOW = """steadyd: 1
name: slow
actors:
  source: {plugin: flow, type: source}
  sink: {plugin: flow, type: relay, params: {delay: 1ms}}
channels:
  - {from: source.out, to: sink.in, capacity: 1Ki}
paths:
  - {from: source, to: sink, latency_target: 100ms}
"""


def test_a_path_comes_to_hold_its_target():
    with steady.Directories() as directories, steady.Service(directories, SLOW) as service:
        service.wait_ready()
        steady.wait_until(lambda: channel(service, "source.out")["inflight_messages"] > 500
                          or channel(service, "source.out")["window_from"] == "latency_target", "the channel fills")

        def held():
            status = service.status()
            path, = status["paths"]
            source, = status["channels"]
            return path["state"] == "holding" and source["window_from"] == "latency_target" and (path, source)

        path, source = steady.wait_until(held, "the target is held")
        assert path["from"] == "source" and path["to"] == "sink" and path["channels"] == ["source.out"]
        assert path["target_seconds"] == 0.1 and path["p99_seconds"] <= 0.1
        assert source["window_messages"] < 500
        assert 'steady_path_latency_target_seconds{from="source",to="sink"} 0.1' in service.http("/metrics")
        answer = service.ctl("set", "source.out", "window=100")
        assert answer.returncode == 1
        assert "follows the latency_target of the path source -> sink" in answer.stderr
        assert "latency_target" in service.ctl("get", "source.out").stdout


@pytest.mark.parametrize("wait", ["block", "adaptive"])
def test_the_narrowest_window_lets_everything_through(wait):
    """Both ends sleep and wake for every single message."""
    yaml = trio(generator="limit: 500")
    for port in ("numbers", "verdicts"):
        yaml = yaml.replace(port + "}", port + ", window: 1}")
    for actor in ("generator", "fizzbuzz", "auditor"):
        yaml = yaml.replace(f"type: {actor}", f"type: {actor}, wait: {wait}")
    assert yaml.count("window: 1") == 2
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_finished()
        assert service.metric("auditor", "checked") == 500 and complaints(service) == {}
