"""What a death leaves behind: its cause in words, the stack with function, file and line, and the last words."""
import json

import pytest

import steady


def graph(how, plugin="victim", more=""):
    return f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, params: {{limit: 3000, start: 1}}}}
  victim: {{plugin: victim, type: victim, params: {{poison: "1500", how: {how}, once: true}}}}
  ledger: {{plugin: victim, type: ledger}}
{more}
channels: [generator.numbers -> victim.numbers, victim.passed -> ledger.numbers]
"""


def incident_of(service, actor="victim"):
    listed = steady.wait_until(lambda: service.ask("incidents", actor=actor)["incidents"], "an incident")[-1]
    return lambda: service.ask("incident", id=listed["id"])


@pytest.mark.parametrize("how, cause, words, where", [
    ("segv", "crash", "Segmentation fault", "write_wildly"),
    ("abort", "abort", "Aborted", "suffer"),
    pytest.param("throw", "exception", "cannot digest this", "suffer",
                 marks=pytest.mark.skipif(steady.SANITIZED, reason="the sanitizer takes the hook of throws")),
])
def test_a_death_has_its_cause_and_its_stack_down_to_the_line(how, cause, words, where):
    with steady.Directories() as directories, steady.Service(directories, graph(how), crashes=True) as service:
        look = incident_of(service)
        frames = steady.wait_until(lambda: look()["backtrace"], "the stack is explained")
        incident = look()
        assert incident["cause"] == cause and words in incident["how"]
        guilty = next(frame for frame in frames if where in frame["function"])
        assert guilty["file"].endswith("victim.cpp") and guilty["line"] > 0 and guilty["module"] == "victim.so"
        assert incident["generation"] == 0
        assert (incident["fault_address"] == 8) == (how == "segv")
        numbers = next(port for port in incident["ports"] if port["input"])
        assert json.loads(numbers["head"])["value"] == numbers["sequence"] + 1
        assert incident["decision"].startswith("restarted at once (1 of 5 restarts within 10s)")
        service.wait_finished()
        assert service.metric("ledger", "received") == 3000
        log = service.log()
        assert f"victim.cpp:{guilty['line']}" in log and "decision: restarted at once" in log


def test_the_last_fifty_lines_of_stderr_are_kept():
    yaml = """steadyd: 1
actors:
  chatty: {plugin: chatty}
supervision: {intensity: 0}
"""
    with steady.Directories() as directories, steady.Service(directories, yaml, crashes=True) as service:
        incident = incident_of(service, "chatty")()
        said = [line for line in incident["stderr_tail"] if line.startswith("word ")]
        assert said[-1] == "word 99"
        assert len(incident["stderr_tail"]) == 50


def test_kill_9_is_told_from_a_crash_and_a_stop_that_was_asked_for_is_no_incident():
    with steady.Directories() as directories, steady.Service(directories, graph("segv").replace("1500", "")) as service:
        service.wait_finished()
        assert service.ask("incidents")["incidents"] == []
    endless = graph("segv").replace("1500", "").replace("limit: 3000, ", "")
    with steady.Directories() as directories, steady.Service(directories, endless) as service:
        service.wait_ready()
        service.kill_actor("victim")
        service.wait_generation("victim", 1)
        service.ctl("restart", "victim")
        service.wait_generation("victim", 2)
        causes = [incident["cause"] for incident in service.ask("incidents")["incidents"]]
        assert causes == ["killed"]
        assert 'steady_actor_incidents_total{actor="victim",cause="killed"} 1' in service.http("/metrics")


def test_steadyctl_lists_them_and_prints_one_as_a_block():
    with steady.Directories() as directories, steady.Service(directories, graph("segv"), crashes=True) as service:
        look = incident_of(service)
        steady.wait_until(lambda: look()["backtrace"], "the stack is explained")
        listed = service.ctl("incidents")
        assert listed.returncode == 0 and "victim" in listed.stdout and "crash" in listed.stdout
        block = service.ctl("incidents", "--id", str(look()["id"]))
        assert block.returncode == 0
        for words in ("backtrace:", "#0", "victim.cpp:", "ports:", "decision:"):
            assert words in block.stdout, words
        assert service.ctl("incidents", "nobody").returncode == 1
        assert service.ctl("incidents", "--id", "4711").returncode == 1
