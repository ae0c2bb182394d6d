"""Who holds back whom: a graph in which one actor is slow names that one, and goes on naming it."""
import json

import pytest
import steady

LOOKS = 10
FRAME_SECONDS = 0.1
SLOW = "params: {delay: 2ms}"
CAPACITY = 16  # small, so that a ring fills and empties many times within the second that is looked at


def graph(actors, channels):
    """actors: name -> "type" or "type, more"; channels: "a.out -> b.in", or with several readers."""
    lines = ["steadyd: 1", "actors:"]
    lines += [f"  {name}: {{plugin: flow, type: {kind}}}" for name, kind in actors.items()]
    lines += ["channels:"]
    for channel in channels:
        producer, readers = channel.split(" -> ")
        lines.append(f"  - {{from: {producer}, to: [{readers}], capacity: {CAPACITY}}}")
    return "\n".join(lines) + "\n"


def look(service):
    """The graph, one frame or more after the last look."""
    before = getattr(service, "looked_at", -1)
    seen = steady.wait_until(lambda: (now := json.loads(service.http("/graph.json")))
                             and now["uptime_seconds"] > before + FRAME_SECONDS and now, "a frame goes by")
    service.looked_at = seen["uptime_seconds"]
    return seen


def bottlenecks(seen):
    return {found["actor"]: (found["why"], sorted(found["holds_back"])) for found in seen["bottlenecks"]}


def deadlocks(seen):
    return [(found["actors"], found["channels"]) for found in seen["deadlocks"]]


def wait_for(service, say, expected):
    """Waits until `say(graph)` is as expected in so many looks in a row that it is no chance; a single look may see
    what the kernel did to an actor for a moment."""
    seen = []

    def stays():
        seen.append(say(look(service)))
        return seen[-LOOKS:] == [expected] * LOOKS

    try:
        steady.wait_until(stays, "the answer")
    except AssertionError as error:
        raise AssertionError(f"expected {expected} {LOOKS} times in a row, found {seen[-LOOKS:]}") from error


def wait_full(service, *channels):
    """Waits until each of these channels is half full or more: whoever found it full sleeps until half is free."""
    def inflight(name):
        return next(channel["inflight_messages"] for channel in look(service)["channels"] if channel["name"] == name)

    for channel in channels:
        steady.wait_until(lambda: inflight(channel) >= CAPACITY // 2, f"{channel} is full")


@pytest.fixture
def serve():
    """Starts a service on a graph; it is gone after the test."""
    with steady.Directories() as directories:
        services = []

        def start(actors, channels):
            services.append(steady.Service(directories, graph(actors, channels)).start())
            services[-1].wait_ready()
            return services[-1]

        yield start
        for service in services:
            service.__exit__(None)


@pytest.mark.parametrize("busy", ["false", "true"])
def test_of_two_branches_the_slow_one_is_named(serve, busy):
    service = serve({"source": "source", "fast": "relay", "slow": f"relay, params: {{delay: 2ms, busy: {busy}}}"},
                    ["source.out -> fast.in, slow.in"])
    wait_full(service, "source.out")
    service.wait_metric("slow", "passed", 100)
    wait_for(service, bottlenecks, {"slow": ("is busy", ["source"])})


def test_in_a_diamond_the_slow_branch_is_named(serve):
    service = serve({"source": "source", "quick": "relay", "slow": f"relay, {SLOW}", "join": "join", "sink": "relay"},
                    ["source.out -> quick.in, slow.in", "quick.out -> join.left", "slow.out -> join.right",
                     "join.out -> sink.in"])
    wait_full(service, "quick.out", "source.out")
    service.wait_metric("sink", "passed", 100)
    wait_for(service, lambda seen: [found["actor"] for found in seen["bottlenecks"]], ["slow"])
    assert {"source", "quick", "join"} >= set(bottlenecks(look(service))["slow"][1]) >= {"source"}


def test_in_a_diamond_the_slow_join_is_named(serve):
    service = serve({"source": "source", "left": "relay", "right": "relay", "join": f"join, {SLOW}", "sink": "relay"},
                    ["source.out -> left.in, right.in", "left.out -> join.left", "right.out -> join.right",
                     "join.out -> sink.in"])
    wait_full(service, "left.out", "right.out")
    service.wait_metric("sink", "passed", 100)
    wait_for(service, bottlenecks, {"join": ("is busy", ["left", "right", "source"])})


@pytest.mark.parametrize("slow", [1, 5, 9])
def test_in_a_chain_of_ten_the_slow_one_is_named(serve, slow):
    actors = {f"a{i}": ("source" if i == 0 else "relay") + (f", {SLOW}" if i == slow else "") for i in range(10)}
    service = serve(actors, [f"a{i}.out -> a{i + 1}.in" for i in range(9)])
    wait_full(service, *(f"a{i}.out" for i in range(slow)))
    service.wait_metric("a9", "passed", 100)
    wait_for(service, bottlenecks, {f"a{slow}": ("is busy", [f"a{i}" for i in range(slow)])})


def test_behind_a_slow_source_nobody_is_named(serve):
    service = serve({"source": f"source, {SLOW}", "relay": "relay", "sink": "relay"},
                    ["source.out -> relay.in", "relay.out -> sink.in"])
    service.wait_metric("sink", "passed", 500)
    wait_for(service, lambda seen: (bottlenecks(seen), deadlocks(seen)), ({}, []))


def test_a_stopped_sink_is_named_with_its_state(serve):
    service = serve({"source": "source", "relay": "relay", "sink": "relay"},
                    ["source.out -> relay.in", "relay.out -> sink.in"])
    assert service.ctl("stop", "sink").returncode == 0
    wait_full(service, "source.out", "relay.out")
    wait_for(service, bottlenecks, {"sink": ("is stopped", ["relay", "source"])})


def test_a_full_circle_is_a_deadlock_and_nobody_is_its_culprit(serve):
    service = serve({"source": "source", "back": "relay", "forth": "relay"},
                    ["source.out -> forth.in", "forth.out -> back.in", "back.out -> forth.in"])
    standing = ({}, [(["back", "forth"], ["back.out", "forth.out"])])
    wait_for(service, lambda seen: (bottlenecks(seen), deadlocks(seen)), standing)
    passed = service.metrics("forth"), service.metrics("back")
    wait_for(service, lambda seen: (bottlenecks(seen), deadlocks(seen)), standing)
    assert (service.metrics("forth"), service.metrics("back")) == passed


@pytest.mark.parametrize("messages", [8, 20, 28])
def test_a_circle_with_room_to_spare_goes_round_for_ever(serve, messages):
    service = serve({"source": f"source, params: {{limit: {messages}}}", "back": "relay", "forth": "relay"},
                    ["source.out -> forth.in", "forth.out -> back.in", "back.out -> forth.in"])
    service.wait_metric("back", "passed", 200_000)
    assert deadlocks(look(service)) == []
