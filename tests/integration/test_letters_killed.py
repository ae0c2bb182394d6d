"""The way of a dead letter, interrupted: steadyd or the worker is killed right after each of its stations. The stations
are told by the log and by the letter's state; whatever was killed, the message is in one place, once."""
import json
import os
import signal

import pytest

import steady
from test_poison import LIMIT, assert_all_but, graph, letters, numbers
from graphs import PATIENT

ROUNDS = 2 if steady.SANITIZED else 6
POISON = "100 2048 2049 9000"


def kill(service, who, actor):
    """SIGKILL for steadyd, for the worker of an actor, or for both at once; and on it goes."""
    pid = service.actor(actor)["pid"]
    if who != "steadyd" and pid:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it has died of its message meanwhile
    if who != "worker":
        service.kill_steadyd()
        service.start()


def held(service):
    return sum(letter["state"] == "held" for letter in letters(service))


def stored(service):
    return len(letters(service))


@pytest.mark.parametrize("who", ["steadyd", "worker", "both"])
@pytest.mark.parametrize("count", [stored, held], ids=["was set aside", "was stepped over"])
def test_a_kill_right_after_a_message_was_taken_away_neither_loses_nor_doubles_one(count, who):
    for _ in range(ROUNDS):
        with steady.Directories() as directories:
            yaml = graph(POISON, victim=", max_deliveries: 1", supervision=PATIENT)
            with steady.Service(directories, yaml, crashes=True) as service:
                for station in range(1, len(numbers(POISON)) + 1):
                    steady.wait_until(lambda: count(service) >= station, f"{station} letters are {count.__name__}")
                    kill(service, who, "victim")
                assert_all_but(service, POISON)
                assert service.stop() == 0


@pytest.mark.parametrize("who", ["steadyd", "worker", "both"])
def test_a_kill_between_a_death_and_its_restart_neither_loses_nor_doubles_a_message(who):
    """Right after the log line, long before the next generation is ready; the deaths before it are forgotten by steadyd's."""
    for _ in range(ROUNDS):
        with steady.Directories() as directories:
            with steady.Service(directories, graph(POISON, supervision=PATIENT), crashes=True) as service:
                for _ in numbers(POISON):
                    died = service.log().count("Worker died")
                    done = lambda: all(actor["state"] == "finished" for actor in service.status()["actors"])
                    steady.wait_until(lambda: service.log().count("Worker died") > died or done(), "the victim dies")
                    kill(service, who, "victim")
                assert_all_but(service, POISON)
                assert service.stop() == 0


@pytest.mark.parametrize("who", ["steadyd", "worker", "both"])
@pytest.mark.parametrize("station", ["asked", "back"])
def test_a_kill_right_after_a_letter_was_put_back_neither_loses_nor_doubles_it(station, who):
    """The letters are put back one by one under a cured reader; their producer, or all, is killed at each."""
    with steady.Directories() as directories:
        sick = graph(POISON, limit=0, supervision=PATIENT, victim=", max_deliveries: 1")
        count = len(numbers(POISON))
        with steady.Service(directories, sick, crashes=True) as service:
            steady.wait_until(lambda: held(service) == count, "all are held")
            service.kill_steadyd()
        with steady.Service(directories, sick.replace(f'poison: "{POISON}"', 'poison: ""')) as service:
            service.wait_ready()
            for letter in sorted(each["id"] for each in letters(service)):
                said = service.log().count("A dead letter is back on its channel")
                service.ask("dlq_replay", ids=[letter])
                if station == "back":
                    gone = lambda: all(each["id"] != letter for each in letters(service))
                    steady.wait_until(lambda: service.log().count("A dead letter is back") > said or gone(), "it is back")
                kill(service, who, "generator")
                service.wait_ready()
            steady.wait_until(lambda: letters(service) == [], "every letter is back")
            assert service.ctl("drain").returncode == 0
            metrics = service.metrics("ledger")
            sent = service.status()["channels"][0]["messages_sent"]
            # The channel has carried every number, and each of the letters a second time; the ledger has each once.
            made = sent - count
            assert (metrics["received"], metrics["sum"]) == (made, made * (made + 1) // 2)
            assert metrics["disorder"] <= count
            assert service.stop() == 0


def test_a_letter_whose_return_steadyd_never_heard_of_is_back_once():
    """Its producer is held while it is told, then steadyd is held while the producer does it; so the commit is certain,
    and certain to be unknown to the steadyd that is killed."""
    poison = "100 200 300"
    with steady.Directories() as directories:
        out = directories.root / "out"
        sick = f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, params: {{start: 1, batch: 16}}}}
  victim: {{plugin: victim, type: victim, params: {{poison: "{poison}"}}, max_deliveries: 1}}
  copy: {{plugin: file, type: append, params: {{path: "{out}"}}}}
channels:
  - {{from: generator.numbers, to: victim.numbers, capacity: 64}}
  - {{from: victim.passed, to: copy.lines, capacity: 64}}
{PATIENT}"""
        with steady.Service(directories, sick, crashes=True) as service:
            steady.wait_until(lambda: held(service) == 3, "all are held")
            service.kill_steadyd()
        with steady.Service(directories, sick.replace(f'poison: "{poison}"', 'poison: ""')) as service:
            for letter in sorted(letters(service), key=lambda each: each["id"]):
                service.wait_ready()
                producer = service.actor("generator")["pid"]
                os.kill(producer, signal.SIGSTOP)
                steady.wait_until(lambda: steady.is_stopped(producer), "the producer is held")
                assert service.ask("dlq_replay", ids=[letter["id"]])["replayed"] == 1
                service.process.send_signal(signal.SIGSTOP)
                steady.wait_until(lambda: steady.is_stopped(service.process.pid), "steadyd is held")
                with open(out, "rb") as lines:
                    lines.seek(0, os.SEEK_END)
                    os.kill(producer, signal.SIGCONT)
                    wanted, seen = b"\n" + letter["text"].encode() + b"\n", b"\n"

                    def arrived():
                        nonlocal seen
                        seen = seen[-len(wanted):] + lines.read()
                        return wanted in seen

                    steady.wait_until(arrived, f"{letter['text']} has come through")
                service.kill_steadyd()
                service.start()
            service.wait_ready()
            steady.wait_until(lambda: letters(service) == [], "every letter is back")
            assert service.ctl("drain", "--timeout", "1h").returncode == 0
            assert service.stop() == 0
        lines = out.read_text().splitlines()
        found = sorted(json.loads(line)["value"] for line in lines)
        assert found == list(range(1, len(lines) + 1))


def test_kills_of_everything_at_every_death_still_account_for_every_number():
    """The whole way under a configuration with an end, several stations in one round."""
    for _ in range(ROUNDS):
        with steady.Directories() as directories:
            yaml = graph(POISON, victim=", max_deliveries: 2", supervision=PATIENT)
            with steady.Service(directories, yaml, crashes=True) as service:
                seen = 0
                for _ in range(3 * len(numbers(POISON))):
                    news = lambda: sum(map(service.log().count, ("Worker died", "set aside")))
                    done = lambda: all(actor["state"] == "finished" for actor in service.status()["actors"])
                    steady.wait_until(lambda: news() > seen or done(), "something has happened")
                    seen = news()
                    kill(service, "both", "victim")
                assert_all_but(service, POISON, LIMIT)
                assert service.stop() == 0
