"""A message that kills its reader is isolated, set aside with the evidence, and can be put back; its neighbours pass."""
import json
import os
import signal

import pytest

import steady
from graphs import PATIENT

LIMIT = 20_000


def graph(poison, how="segv", victim="", limit=LIMIT, supervision="", more=""):
    """Numbers in batches of 4096 through an actor that dies of some of them; the default supervision unless given."""
    return f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, params: {{limit: {limit}, start: 1}}}}
  victim: {{plugin: victim, type: victim, params: {{poison: "{poison}", how: {how}}}, inputs: {{numbers: {{max: 4096}}}}{victim}}}
  ledger: {{plugin: victim, type: ledger}}
{more}
channels:
  - {{from: generator.numbers, to: victim.numbers, capacity: 16Ki}}
  - victim.passed -> ledger.numbers
{supervision}"""


def numbers(poison):
    return [int(number) for number in poison.split()]


def letters(service, **filters):
    return service.ask("dlq_list", **filters)["letters"]


def assert_all_but(service, poison, limit=LIMIT):
    """Every number but the poisonous ones has arrived, each once, in order; those are the dead letters."""
    service.wait_finished()
    metrics = service.metrics("ledger")
    assert metrics["received"] == limit - len(numbers(poison))
    assert metrics["sum"] == limit * (limit + 1) // 2 - sum(numbers(poison))
    assert metrics["disorder"] == 0
    held = letters(service)
    assert sorted(json.loads(letter["text"])["value"] for letter in held) == sorted(numbers(poison))
    assert all(letter["state"] == "held" for letter in held)


@pytest.mark.parametrize("poison", ["1", "2048", "4096", "1 2048 4096", "2047 2048 2049"],
                         ids=["first", "middle", "last", "all three", "three in a row"])
def test_poison_anywhere_in_a_batch_of_4096_goes_to_the_dead_letters_and_everything_else_arrives(poison):
    with steady.Directories() as directories, steady.Service(directories, graph(poison), crashes=True) as service:
        assert_all_but(service, poison)
        assert {letter["sequence"] + 1 for letter in letters(service)} == set(numbers(poison))
        assert all(letter["deliveries"] == 3 for letter in letters(service))


@pytest.mark.parametrize("how", ["abort", "throw", "exit", "exit_0", "alloc"])
def test_whatever_way_it_dies(how):
    with steady.Directories() as directories, steady.Service(directories, graph("777", how), crashes=True) as service:
        assert_all_but(service, "777")
        causes = {incident["cause"] for incident in service.ask("incidents", actor="victim")["incidents"]}
        assert causes == {{"abort": "abort", "throw": "exception", "alloc": "out_of_memory"}.get(how, "exit")}


def test_a_message_that_hangs_its_reader_is_poison_too():
    yaml = graph("777", "spin", victim=", watchdog: 150ms")
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        assert_all_but(service, "777")
        incident = service.ask("incidents", actor="victim")["incidents"][0]
        assert incident["cause"] == "watchdog"


def test_one_death_is_enough_when_one_delivery_is_the_most():
    yaml = graph("5000", victim=", max_deliveries: 1")
    with steady.Directories() as directories, steady.Service(directories, yaml, crashes=True) as service:
        assert_all_but(service, "5000")
        assert [letter["deliveries"] for letter in letters(service)] == [1]


def test_a_letter_carries_its_evidence():
    with steady.Directories() as directories, steady.Service(directories, graph("2048"), crashes=True) as service:
        assert_all_but(service, "2048")
        listed, = letters(service)
        letter = service.ask("dlq_show", id=listed["id"])
        assert bytes.fromhex(letter["payload_hex"]) == (2048).to_bytes(8, "little")
        assert letter["actor"] == "victim" and letter["channel"] == "generator.numbers"
        assert "victim.cpp" in letter["incident_text"] or "segmentation" in letter["incident_text"].lower()
        shown = service.ctl("dlq", "show", str(listed["id"]))
        assert shown.returncode == 0 and '"value":2048' in shown.stdout
        assert "2048" in service.ctl("dlq", "list").stdout
        assert f'steady_actor_dead_letters_total{{actor="victim"}} 1' in service.http("/metrics")


def test_keep_restarts_until_the_supervisor_gives_up():
    yaml = graph("100", victim=", poison: keep")
    with steady.Directories() as directories, steady.Service(directories, yaml, crashes=True) as service:
        service.wait_state("victim", "failed")
        assert letters(service) == []


def test_stop_stops_the_actor_and_leaves_the_message_where_it_is():
    yaml = graph("100", victim=", poison: stop")
    with steady.Directories() as directories, steady.Service(directories, yaml, crashes=True) as service:
        victim = service.wait_state("victim", "stopped")
        assert "killed it 3 times" in victim["reason"]
        assert letters(service) == []
        channel = next(each for each in service.status()["channels"] if each["name"] == "generator.numbers")
        assert channel["readers"][0]["messages_received"] == 99


def test_nothing_but_poison_uses_the_budget_up_rather_than_emptying_the_channel():
    poison = " ".join(str(number) for number in range(1, 1000))
    with steady.Directories() as directories, steady.Service(directories, graph(poison), crashes=True) as service:
        service.wait_state("victim", "failed")
        assert 1 <= len(letters(service)) <= 5


def test_frames_are_set_aside_like_messages():
    lines = [f"line {number} {'x' * (number % 50)}" for number in range(3000)]
    lines[1234] = "POISON in the middle"
    lines[2999] = "POISON at the end"
    with steady.Directories() as directories:
        source = directories.write("in.txt", "\n".join(lines) + "\n")
        out = directories.root / "out.txt"
        yaml = f"""steadyd: 1
actors:
  tail: {{plugin: file, type: tail, params: {{path: {source}, follow: false}}}}
  victim: {{plugin: victim, type: line_victim}}
  out: {{plugin: file, type: append, params: {{path: {out}}}}}
channels: [tail.lines -> victim.lines, victim.passed -> out.lines]
"""
        with steady.Service(directories, yaml, crashes=True) as service:
            service.wait_finished()
            assert out.read_text().splitlines() == [line for line in lines if "POISON" not in line]
            assert sorted(json.loads(letter["text"]) for letter in letters(service)) == ["POISON at the end",
                                                                                         "POISON in the middle"]


def test_of_two_inputs_the_guilty_one_is_found():
    yaml = f"""steadyd: 1
actors:
  left: {{plugin: demo, type: generator, params: {{limit: 5000, start: 1}}}}
  right: {{plugin: demo, type: generator, params: {{limit: 5000, start: 100001}}}}
  victim: {{plugin: victim, type: either, params: {{poison: "100777"}}}}
  ledger: {{plugin: victim, type: ledger}}
channels: [left.numbers -> victim.left, right.numbers -> victim.right, victim.passed -> ledger.numbers]
"""
    with steady.Directories() as directories, steady.Service(directories, yaml, crashes=True) as service:
        service.wait_finished()
        assert service.metric("ledger", "received") == 9999
        letter, = letters(service)
        assert letter["channel"] == "right.numbers" and json.loads(letter["text"]) == {"value": 100777}


def test_when_the_guilty_input_cannot_be_told_nobody_is_blamed():
    yaml = f"""steadyd: 1
actors:
  left: {{plugin: demo, type: generator, params: {{limit: 5000, start: 1}}}}
  right: {{plugin: demo, type: generator, params: {{limit: 5000, start: 1}}}}
  victim: {{plugin: victim, type: both, params: {{poison: "777"}}}}
channels: [left.numbers -> victim.left, right.numbers -> victim.right]
"""
    with steady.Directories() as directories, steady.Service(directories, yaml, crashes=True) as service:
        service.wait_state("victim", "failed")
        assert letters(service) == []
        assert service.metric("victim", "pairs") == 776  # every innocent pair before it has passed


def test_a_timer_that_kills_is_blamed_on_no_message():
    yaml = """steadyd: 1
actors:
  generator: {plugin: demo, type: generator, params: {limit: 100}}
  victim: {plugin: victim, type: bomb}
channels: [generator.numbers -> victim.numbers]
"""
    with steady.Directories() as directories, steady.Service(directories, yaml, crashes=True) as service:
        service.wait_state("victim", "failed")
        assert letters(service) == []


def test_an_actor_that_is_killed_from_outside_blames_no_message():
    yaml = graph("", limit=0, supervision=PATIENT)
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_ready()
        for generation in range(20):
            service.kill_actor("victim")
            service.wait_generation("victim", generation + 1)
        assert letters(service) == []
        assert service.metric("ledger", "disorder") == 0


def test_a_replayed_letter_is_back_on_its_channel_once():
    yaml = graph("300", victim="", limit=0)
    yaml = yaml.replace("how: segv", "how: segv, once: false")
    with steady.Directories() as directories, steady.Service(directories, yaml, crashes=True) as service:
        steady.wait_until(lambda: letters(service), "the letter is there")
        steady.wait_until(lambda: letters(service)[0]["state"] == "held", "it is held")
        first = letters(service)[0]["id"]
        assert service.ctl("dlq", "replay", str(first)).returncode == 0
        # It is poison still: it comes back as another letter, after as many deaths as before.
        steady.wait_until(lambda: [each["state"] for each in letters(service) if each["id"] != first] == ["held"],
                          "it is set aside again")
        steady.wait_until(lambda: len(letters(service)) == 1, "the first letter is gone")
        assert json.loads(letters(service)[0]["text"]) == {"value": 300}
        purged = service.ctl("dlq", "purge", "--all")
        assert purged.returncode == 0 and letters(service) == []


def cured(yaml):
    return yaml.replace('poison: "', 'once: true, poison: "')


def test_replay_is_exactly_once_whenever_steadyd_is_killed():
    """Letters are taken under one configuration and put back under another, in which the reader is cured; steadyd and
    everything else is killed again and again meanwhile."""
    poison = "10 20 30 40 50 60 70 80"
    slow = PATIENT
    rounds = 6 if steady.SANITIZED else 25
    with steady.Directories() as directories:
        sick = graph(poison, supervision=slow, limit=0, victim=", max_deliveries: 1")
        with steady.Service(directories, sick, crashes=True) as service:
            steady.wait_until(lambda: [letter["state"] for letter in letters(service)] == ["held"] * 8, "all are held")
            service.kill_steadyd()
        with steady.Service(directories, sick.replace(f'poison: "{poison}"', 'poison: ""'), crashes=True) as service:
            service.wait_ready()
            for _ in range(rounds):
                service.ask("dlq_replay")
                pids = service.pids()
                service.kill_steadyd()
                for pid in pids.values():
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                service.start()
                service.wait_ready()
            steady.wait_until(lambda: letters(service) == [], "every letter is back")
            service.ctl("stop", "generator")
            service.wait_state("generator", "stopped")
            # What the channel has carried: every number, and each of the eight a second time; so the books hold each once.
            made = service.status()["channels"][0]["messages_sent"] - 8
            service.wait_metric("ledger", "received", made)
            metrics = service.metrics("ledger")
            assert metrics["received"] == made
            assert metrics["sum"] == made * (made + 1) // 2


def test_letters_and_incidents_outlive_steadyd_and_a_letter_stored_in_the_last_moment_is_stepped_over_once():
    for _ in range(2 if steady.SANITIZED else 6):
        with steady.Directories() as directories:
            yaml = graph("2048", victim=", max_deliveries: 1")
            with steady.Service(directories, yaml, crashes=True) as service:
                steady.wait_until(lambda: letters(service), "the letter is stored")
                service.kill_steadyd()
                service.start()
                assert_all_but(service, "2048")


def test_a_broadcast_goes_back_only_to_all_of_its_readers():
    yaml = f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, params: {{start: 1}}}}
  victim: {{plugin: victim, type: victim, params: {{poison: "100"}}, max_deliveries: 1}}
  ledger: {{plugin: victim, type: ledger}}
  other: {{plugin: "null"}}
channels:
  - {{from: generator.numbers, to: [victim.numbers, other.items]}}
  - victim.passed -> ledger.numbers
"""
    with steady.Directories() as directories, steady.Service(directories, yaml, crashes=True) as service:
        steady.wait_until(lambda: letters(service) and letters(service)[0]["state"] == "held", "the letter is held")
        answer = service.ctl("dlq", "replay", str(letters(service)[0]["id"]))
        assert "2 readers" in answer.stdout + answer.stderr
        assert letters(service)[0]["state"] == "held"


def test_a_letter_waits_for_its_producer_to_run():
    with steady.Directories() as directories, steady.Service(directories, graph("50", limit=0), crashes=True) as service:
        steady.wait_until(lambda: letters(service) and letters(service)[0]["state"] == "held", "the letter is held")
        service.ctl("stop", "generator")
        service.wait_state("generator", "stopped")
        answer = service.ask("dlq_replay", ids=[letters(service)[0]["id"]])
        assert (answer["replayed"], answer["waiting"]) == (0, 1)
        first = letters(service)[0]["id"]
        service.ctl("start", "generator")
        steady.wait_until(lambda: all(letter["id"] != first for letter in letters(service)), "it is on its way")
