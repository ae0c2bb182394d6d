"""A step that does not return is found by lack of progress; whoever merely waits is left alone."""
import os
import subprocess

import pytest

import steady
from graphs import PATIENT, wait_stuck


def graph(how, watchdog="200ms", more=""):
    return f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, params: {{start: 1}}}}
  victim: {{plugin: victim, type: victim, params: {{poison: "5000", how: {how}, once: true}}, watchdog: {watchdog}}}
  ledger: {{plugin: victim, type: ledger, watchdog: {watchdog}}}
{more}
channels:
  - generator.numbers -> victim.numbers
  - victim.passed -> ledger.numbers
{PATIENT}"""


@pytest.mark.parametrize("how, where", [("spin", "spin"), ("deadlock", "lock_twice"), ("read", "read_for_ever")])
def test_a_step_that_does_not_return_is_killed_with_its_stack_in_the_incident(how, where):
    with steady.Directories() as directories, steady.Service(directories, graph(how)) as service:
        service.wait_generation("victim", 1)
        service.wait_metric("ledger", "received", 6000)
        assert service.metric("ledger", "disorder") == 0
        incident = next(each for each in service.ask("incidents", actor="victim")["incidents"])
        assert incident["cause"] == "watchdog"
        wait = lambda: service.ask("incident", id=incident["id"])["backtrace"]
        functions = [frame["function"] for frame in steady.wait_until(wait, "the stack is explained")]
        assert any(where in function for function in functions), functions
        assert 'steady_actor_incidents_total{actor="victim",cause="watchdog"} 1' in service.http("/metrics")


def test_an_actor_that_waits_for_input_or_for_room_is_no_hang():
    """The ledger is held, so the victim waits for room; behind a generator that is held, another waits for input."""
    yaml = graph("segv", watchdog="100ms", more="""  quiet: {plugin: demo, type: generator}
  idle: {plugin: victim, type: ledger, watchdog: 100ms}
""").replace('poison: "5000"', 'poison: ""').replace("channels:", "channels:\n  - quiet.numbers -> idle.numbers")
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_ready()
        service.ctl("stop", "ledger")
        service.ctl("stop", "quiet")
        channel = lambda: next(each for each in service.status()["channels"] if each["name"] == "victim.passed")
        # It was full once; the ledger may have taken some before it stopped, but less than the half that wakes the victim.
        steady.wait_until(lambda: channel()["fill_ratio"] >= 0.5, "the victim waits for room")
        uptime = service.status()["uptime_seconds"]
        steady.wait_until(lambda: service.status()["uptime_seconds"] > uptime + 1.5, "many times the watchdog has gone by")
        assert [actor["generation"] for actor in service.status()["actors"] if actor["name"] in ("victim", "idle")] == [0, 0]
        assert service.ask("incidents")["incidents"] == []


def test_a_busy_machine_is_no_hang():
    """Four busy loops per core for STEADY_BUSY_SECONDS (300 shows five minutes; a short while in CI)."""
    seconds = float(os.environ.get("STEADY_BUSY_SECONDS", 6))
    yaml = graph("segv", watchdog="100ms").replace('poison: "5000"', 'poison: ""')
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_ready()
        loops = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(4 * os.cpu_count())]
        try:
            uptime = service.status()["uptime_seconds"]
            steady.wait_until(lambda: service.status()["uptime_seconds"] > uptime + seconds, "the load has lasted",
                              seconds=seconds + steady.WATCHDOG_SECONDS)
            assert service.ask("incidents")["incidents"] == []
        finally:
            for loop in loops:
                loop.kill()
                loop.wait()


def test_a_worker_that_is_stopped_in_a_step_is_replaced():
    with steady.Directories() as directories, steady.Service(directories, graph("read", watchdog="24h")) as service:
        wait_stuck(service)
        assert service.actor("victim")["generation"] == 0
        service.ctl("restart", "victim")  # it will not stop by itself, so it is killed when its time is over
        service.wait_generation("victim", 1)
        incident = service.ask("incidents", actor="victim")["incidents"][0]
        assert incident["cause"] == "operator" and "did not stop" in incident["how"]


def test_a_start_that_never_becomes_ready_is_killed_with_its_stack():
    yaml = """steadyd: 1
actors:
  a: {plugin: start_hangs, start_timeout: 300ms}
"""
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        steady.wait_until(lambda: service.ask("incidents")["incidents"], "an incident")
        incident = service.ask("incidents")["incidents"][-1]
        assert incident["cause"] == "start_failed" and "not ready" in incident["how"]
        steady.wait_until(lambda: service.ask("incident", id=incident["id"])["backtrace"], "its stack is explained")
