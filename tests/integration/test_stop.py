"""Drain and stop: what is under way is finished, whoever is in the way is named, and nothing is lost either way."""
import signal

import pytest

import steady
from graphs import PATIENT, assert_flows, complaints, trio, wait_stuck

LIMIT = 20_000
STUCK_AT = 5000


def graph(poison=STUCK_AT, how="read", top="", victim="", limit=LIMIT, supervision=PATIENT):
    """Numbers through an actor that never returns from one of them."""
    return f"""steadyd: 1
{top}
actors:
  generator: {{plugin: demo, type: generator, params: {{limit: {limit}, start: 1, batch: 100}}}}
  victim: {{plugin: victim, type: victim, params: {{poison: "{poison}", how: {how}}}{victim}}}
  ledger: {{plugin: victim, type: ledger}}
channels:
  - {{from: generator.numbers, to: victim.numbers, capacity: 2Ki}}
  - victim.passed -> ledger.numbers
{supervision}"""


def channel(service, name):
    return next(each for each in service.status()["channels"] if each["name"] == name)


def wait_empty(service, name):
    steady.wait_until(lambda: channel(service, name)["readers"][0]["inflight_messages"] == 0, f"{name} is empty")


def finish_cured(directories, limit=LIMIT, **options):
    """Starts again with a victim that is cured: all that was left arrives, each once, in order."""
    with steady.Service(directories, graph(poison="", limit=limit, **options)) as service:
        service.wait_finished()
        metrics = service.metrics("ledger")
        assert (metrics["received"], metrics["sum"], metrics["disorder"]) == (limit, limit * (limit + 1) // 2, 0)
        service.stop_and_check_nothing_is_left()


def wait_ended(service):
    code = service.process.wait(timeout=steady.WATCHDOG_SECONDS)
    service.check_sanitizers()
    return code


def incidents_of_next_life(directories, actor="victim", **options):
    """What the next steadyd on these directories knows of the last one."""
    with steady.Service(directories, graph(poison="", **options)) as service:
        found = service.ask("incidents", actor=actor)["incidents"]
        assert service.stop() == 0
    return found


# ---- drain ----------------------------------------------------------------------------------------------------------

def test_a_drain_empties_everything_and_steadyd_stays_up_until_it_is_told_to_end():
    with steady.Directories() as directories, steady.Service(directories, trio()) as service:
        service.wait_ready()
        service.wait_metric("auditor", "checked", 1)
        pid = service.process.pid
        drained = service.ctl("drain")
        assert (drained.returncode, drained.stdout, drained.stderr) == (0, "drained: every channel is empty\n", "")
        assert {actor["state"] for actor in service.status()["actors"]} == {"finished"}
        assert all(reader["inflight_messages"] == 0
                   for each in service.status()["channels"] for reader in each["readers"])
        made = channel(service, "generator.numbers")["messages_sent"]
        assert service.metric("auditor", "checked") == made and complaints(service) == {}
        assert service.process.poll() is None and service.process.pid == pid
        # Its readers had finished; they start with it.
        assert service.ctl("start", "generator").returncode == 0
        service.wait_ready()
        service.wait_metric("auditor", "checked", made + 1)
        assert_flows(service)
        assert service.ctl("shutdown").returncode == 0
        assert wait_ended(service) == 0
        service.check_nothing_is_left()


def test_a_service_may_be_drained_and_started_many_times():
    with steady.Directories() as directories, steady.Service(directories, trio()) as service:
        for _ in range(3 if steady.SANITIZED else 8):
            service.wait_ready()
            assert service.ctl("drain").returncode == 0
            assert service.metric("auditor", "checked") == channel(service, "generator.numbers")["messages_sent"]
            assert service.ctl("start", "generator").returncode == 0
        service.wait_ready()
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


def test_a_worker_that_dies_during_a_drain_drains_in_its_next_life():
    yaml = graph(how="segv", victim=", max_deliveries: 2")
    with steady.Directories() as directories, steady.Service(directories, yaml, crashes=True) as service:
        service.wait_ready()
        drained = service.ctl("drain", "--timeout", "1h")
        assert drained.returncode == 0, drained
        sent = channel(service, "generator.numbers")["messages_sent"]
        poisoned = len(service.ask("dlq_list")["letters"])
        assert poisoned == (1 if sent >= STUCK_AT else 0)
        assert service.metric("ledger", "received") == sent - poisoned
        assert service.metric("ledger", "disorder") == 0
        assert service.stop() == 0


def test_a_drain_names_the_actor_that_never_finishes_and_the_service_runs_on():
    with steady.Directories() as directories:
        with steady.Service(directories, graph(victim=", shutdown: 100ms", top="drain_timeout: 100ms")) as service:
            wait_stuck(service)
            wait_empty(service, "victim.passed")
            drained = service.ctl("drain", "--timeout", "300ms")
            assert drained.returncode == 1
            assert "victim is in a step that does not return" in drained.stdout
            assert "messages wait on generator.numbers for victim.numbers" in drained.stdout
            assert "ledger waits for the end of victim.passed, and victim has not finished" in drained.stdout
            assert service.process.poll() is None and not service.status()["draining"]
            assert service.actor("victim")["state"] == "running"
            report = service.ask("drain_report")
            assert report["drained"] is False and report["lines"] == drained.stdout.splitlines()
            assert service.stop() == 0
        finish_cured(directories)


def test_a_drain_of_a_graph_with_a_failed_actor_in_the_middle_ends_as_far_as_possible():
    """Long before its time is over: what nobody will ever do is not waited for."""
    yaml = graph(how="segv", victim=", poison: keep", supervision="supervision: {intensity: 0}\n")
    with steady.Directories() as directories:
        with steady.Service(directories, yaml, crashes=True) as service:
            service.wait_state("victim", "failed")
            wait_empty(service, "victim.passed")
            drained = service.ctl("drain", "--timeout", "1h")
            assert drained.returncode == 1
            assert "messages wait on generator.numbers for victim.numbers" in drained.stdout
            assert "victim had failed" in drained.stdout
            assert "ledger waits for the end of victim.passed, and victim is down" in drained.stdout
            assert service.actor("generator")["state"] == "finished"
            assert channel(service, "victim.passed")["readers"][0]["inflight_messages"] == 0
            assert service.stop() == 0
        finish_cured(directories)


def test_a_drain_of_a_graph_with_a_stopped_actor_in_the_middle_ends_as_far_as_possible():
    with steady.Directories() as directories, steady.Service(directories, trio()) as service:
        service.wait_ready()
        assert service.ctl("stop", "fizzbuzz").returncode == 0
        service.wait_state("fizzbuzz", "stopped")
        drained = service.ctl("drain", "--timeout", "1h")
        assert drained.returncode == 1
        assert "auditor waits for the end of fizzbuzz.verdicts, and fizzbuzz is down" in drained.stdout
        service.ctl("start", "fizzbuzz")
        assert service.ctl("drain").returncode == 0
        assert complaints(service) == {}
        service.stop_and_check_nothing_is_left()


def test_a_second_drain_during_the_first_is_refused():
    with steady.Directories() as directories, \
            steady.Service(directories, graph(victim=", shutdown: 100ms", top="drain_timeout: 100ms")) as service:
        wait_stuck(service)
        service.ask("drain", timeout_ms=3_600_000)
        assert service.status()["draining"]
        second = service.ctl("drain")
        assert second.returncode == 1 and "draining or stopping already" in second.stderr
        assert service.ctl("upgrade").returncode == 1
        assert service.ctl("restart", "victim").returncode == 1
        assert service.stop() == 0  # a shutdown does not wait for the drain's own time


@pytest.mark.parametrize("timeout", ["", "5", "-1s", "never", "25h"])
def test_a_drain_with_a_timeout_that_is_none_is_refused_and_drains_nothing(timeout):
    with steady.Directories() as directories, steady.Service(directories, trio()) as service:
        service.wait_ready()
        answer = service.ctl("drain", f"--timeout={timeout}")
        assert answer.returncode in (1, 2) and answer.stderr, answer
        assert service.status()["ready"] and not service.status()["draining"]
        assert_flows(service)
        assert service.stop() == 0


# ---- stop -----------------------------------------------------------------------------------------------------------

def test_the_stop_report_names_what_is_left_where_and_who_would_not_stop_and_why():
    with steady.Directories() as directories:
        with steady.Service(directories, graph(victim=", shutdown: 100ms", top="drain_timeout: 300ms")) as service:
            wait_stuck(service)
            service.process.send_signal(signal.SIGTERM)
            assert wait_ended(service) == 0
            service.wait_log("Stopping: sources end", "SIGTERM", "300ms")
            service.wait_log("The drain took too long")
            service.wait_log("Not finished: victim is in a step that does not return")
            left = service.wait_log("Left at the stop:", "messages wait on generator.numbers for victim.numbers")
            assert int(left.split("Left at the stop: ")[1].split()[0]) > 0
            service.wait_log("Left at the stop: victim is in a step that does not return")
            service.wait_log("steadyd has stopped; what is left waits for the next start")
            assert directories.segments() != []
            assert steady.processes_with(str(directories.root)) == []
        finish_cured(directories)


def test_a_worker_that_ignores_its_stop_is_killed_after_its_time_with_an_incident():
    with steady.Directories() as directories:
        with steady.Service(directories, graph(victim=", shutdown: 250ms", top="drain_timeout: 100ms")) as service:
            wait_stuck(service)
            assert service.stop() == 0
            service.wait_log("Killing a worker", "actor=victim", "it did not stop in time")
        incident, = incidents_of_next_life(directories)
        assert incident["cause"] == "operator" and incident["how"] == "did not stop in time"
        finish_cured(directories)


def test_a_worker_that_is_killed_brutally_leaves_no_incident_behind_and_loses_nothing():
    with steady.Directories() as directories:
        with steady.Service(directories, graph(victim=", shutdown: brutal_kill", top="drain_timeout: 100ms")) as service:
            wait_stuck(service)
            assert service.stop() == 0
            service.wait_log("Killing a worker", "actor=victim", "brutal_kill")
        assert incidents_of_next_life(directories) == []
        finish_cured(directories)


@pytest.mark.parametrize("first, second", [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGINT),
                                           ("shutdown", signal.SIGTERM)], ids=["twice SIGINT", "both", "shutdown first"])
def test_a_second_signal_stops_at_once(first, second):
    """Neither the drain nor the actor would end within a day."""
    with steady.Directories() as directories:
        with steady.Service(directories, graph(victim=", shutdown: infinity", top="drain_timeout: 24h")) as service:
            wait_stuck(service)
            if first == "shutdown":
                assert service.ctl("shutdown").returncode == 0
            else:
                service.process.send_signal(first)
            service.wait_log("Stopping: sources end")
            service.process.send_signal(second)
            assert wait_ended(service) == 0
            service.wait_log("Stopping at once")
            assert steady.processes_with(str(directories.root)) == []
        finish_cured(directories)


def test_a_second_signal_while_actors_are_being_stopped_ends_that_too():
    with steady.Directories() as directories:
        with steady.Service(directories, graph(victim=", shutdown: infinity", top="drain_timeout: 0")) as service:
            wait_stuck(service)
            service.process.send_signal(signal.SIGTERM)
            service.wait_log("Not finished: victim")
            service.process.send_signal(signal.SIGTERM)
            assert wait_ended(service) == 0
        finish_cured(directories)


def test_actors_are_stopped_in_reverse_order_of_their_start():
    """None of them would stop by itself, so each is killed when its turn has come."""
    names = [f"victim_{letter}" for letter in "abcd"]
    actors = "\n".join(f"  {name}: {{plugin: victim, type: victim, shutdown: 50ms, params: {{poison: '1', how: read}}}}"
                       for name in names)
    ledgers = "\n".join(f"  ledger_{name}: {{plugin: victim, type: ledger}}" for name in names)
    passed = "\n".join(f"  - {name}.passed -> ledger_{name}.numbers" for name in names)
    yaml = f"""steadyd: 1
drain_timeout: 0
actors:
  generator: {{plugin: demo, type: generator, params: {{start: 1}}}}
{actors}
{ledgers}
channels:
  - {{from: generator.numbers, to: [{", ".join(f"{name}.numbers" for name in names)}], capacity: 1Ki}}
{passed}
{PATIENT}"""
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        wait_stuck(service, *names)
        assert service.stop() == 0
        killed = [line.split("actor=")[1].split()[0] for line in service.log().splitlines() if "Killing a worker" in line]
        assert killed == names[::-1]


def test_a_stop_that_was_not_clean_is_finished_by_the_next_start():
    """Stopped with messages everywhere, several times; every number arrives once."""
    limit = 30_000 if steady.SANITIZED else 300_000
    with steady.Directories() as directories:
        yaml = graph(poison="", limit=limit, top="drain_timeout: 0")
        unclean = 0
        for _ in range(4):
            with steady.Service(directories, yaml) as service:
                service.wait_ready()
                assert service.stop() == 0
                unclean += "what is left waits for the next start" in service.log()
        print(f"{unclean} stops left something")
        finish_cured(directories, limit=limit)


def test_a_shutdown_during_the_start_ends_it():
    yaml = "steadyd: 1\ndrain_timeout: 100ms\nactors: {a: {plugin: start_hangs, start_timeout: 1h, shutdown: 100ms}}\n"
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_state("a", "starting")
        service.process.send_signal(signal.SIGTERM)
        assert wait_ended(service) == 0
        assert steady.processes_with(str(directories.root)) == []


def test_kills_of_steadyd_at_every_stage_of_a_stop_lose_nothing():
    moments = ["Stopping: sources end", "The drain took too long", "Left at the stop", "steadyd has stopped"]
    with steady.Directories() as directories:
        yaml = graph(victim=", shutdown: 100ms", top="drain_timeout: 100ms")
        for moment in moments:
            with steady.Service(directories, yaml) as service:
                wait_stuck(service)
                said = service.log().count(moment)
                service.process.send_signal(signal.SIGTERM)
                steady.wait_until(lambda: service.log().count(moment) > said, f"the log says {moment}")
                service.kill_steadyd()
        finish_cured(directories)
