"""steadyctl against a running steadyd: what it answers, and its exit codes 0 done, 1 no, 2 wrong usage, 3 no daemon."""
import json
import os
import socket

import pytest

import steady
from graphs import PATIENT, TRIO, assert_flows, complaints, trio


def test_status_is_a_table_for_people(service):
    answer = service.ctl("status")
    assert answer.returncode == 0
    assert all(name in answer.stdout for name in (*TRIO, "generator.numbers", "fizzbuzz.verdicts", "one_for_one"))
    assert "\x1b" not in answer.stdout  # colours are for terminals


def test_status_is_json_for_programs(service):
    status = json.loads(service.ctl("--json", "status").stdout)
    assert [actor["name"] for actor in status["actors"]] == list(TRIO)
    assert status["ready"] is True
    assert json.loads(service.ctl("status", "--json").stdout)["name"] == "trio"


def test_graph_is_dot_or_json(service):
    assert service.ctl("graph").stdout.startswith("digraph")
    assert service.ctl("graph", "--dot").stdout.startswith("digraph")
    assert json.loads(service.ctl("--json", "graph").stdout)["channels"]


def test_version_names_both_ends(service):
    answer = service.ctl("version")
    assert answer.returncode == 0
    assert "steadyctl " in answer.stdout and "steadyd " in answer.stdout
    assert set(json.loads(service.ctl("--json", "version").stdout)) == {"steadyctl", "steadyd"}


@pytest.mark.parametrize("command", ["start", "stop", "restart"])
def test_an_unknown_actor_is_a_no(service, command):
    answer = service.ctl(command, "nobody")
    assert answer.returncode == 1
    assert "nobody" in answer.stderr


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["stop"], ["status", "surplus"], ["--nonsense", "status"]])
def test_wrong_usage_is_exit_code_2(service, arguments):
    assert service.ctl(*arguments).returncode == 2


@pytest.mark.parametrize("command", [["status"], ["version"], ["stop", "x"], ["graph"], ["shutdown"]])
def test_no_daemon_is_exit_code_3(command):
    answer = steady.run(steady.BIN / "steadyctl", "--socket", "/nowhere/steadyd.sock", *command)
    assert answer.returncode == 3
    assert "/nowhere/steadyd.sock" in answer.stderr


def test_inspect_needs_no_daemon():
    answer = steady.run(steady.BIN / "steadyctl", "inspect", steady.PLUGINS / "demo.so")
    assert answer.returncode == 0
    assert all(name in answer.stdout for name in TRIO)
    description = json.loads(steady.run(steady.BIN / "steadyctl", "--json", "inspect", steady.PLUGINS / "demo.so").stdout)
    assert {kind["name"] for kind in description["types"]} == set(TRIO)


@pytest.mark.parametrize("plugin", ["no_entry_point", "other_abi", "constructor_throws", "constructor_crashes", "not_there"])
def test_inspect_of_a_broken_plugin_is_a_no(plugin):
    answer = steady.run(steady.BIN / "steadyctl", "inspect", steady.FIXTURE_PLUGINS / f"{plugin}.so")
    assert answer.returncode == 1
    assert answer.stderr
    assert "code of other_abi has run" not in answer.stderr


def test_restart_begins_the_next_generation(service):
    before = service.actor("fizzbuzz")
    assert service.ctl("restart", "fizzbuzz").returncode == 0
    after = service.wait_generation("fizzbuzz", before["generation"] + 1)
    assert after["pid"] != before["pid"]
    assert after["restarts"].get("operator", 0) == before["restarts"].get("operator", 0) + 1
    assert_flows(service)


def test_what_waits_for_a_stopped_actor_flows_on_after_its_start(service):
    assert service.ctl("stop", "fizzbuzz").returncode == 0
    service.wait_state("fizzbuzz", "stopped")
    assert service.actor("fizzbuzz")["pid"] == 0
    channel = lambda: next(channel for channel in service.status()["channels"] if channel["name"] == "generator.numbers")
    # A producer that found the channel full sleeps until half of it is free, so more than half is all that is certain.
    steady.wait_until(lambda: channel()["fill_ratio"] >= 0.5, "numbers wait in the channel")
    assert service.ctl("start", "fizzbuzz").returncode == 0
    service.wait_ready()
    assert_flows(service)


def test_a_stopped_actor_stays_stopped_and_makes_the_service_not_ready(service):
    assert service.ctl("stop", "auditor").returncode == 0
    service.wait_state("auditor", "stopped")
    assert not service.status()["ready"]
    assert service.ctl("start", "auditor").returncode == 0
    service.wait_ready()
    assert complaints(service) == {}


@pytest.mark.parametrize("line", [b"", b"garbage", b"[]", b"{}", b'{"jsonrpc": "2.0", "id": 1, "method": "nonsense"}',
                                  b'{"jsonrpc": "2.0", "id": 1, "method": "stop"}',
                                  b'{"jsonrpc": "2.0", "id": 1, "method": "stop", "params": {"actor": 5}}',
                                  b"\xff\xfe\x00", b"x" * 3_000_000, b"[" * 100_000],
                         ids=lambda line: repr(line[:30]))
def test_nonsense_on_the_control_socket_harms_nobody(service, line):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(service.socket))
        try:
            connection.sendall(line + b"\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all of it was sent
    assert service.answers()
    assert all(actor["state"] == "running" for actor in service.status()["actors"])


# ---- what actors say ------------------------------------------------------------------------------------------------

def test_what_a_worker_prints_and_logs_is_in_the_log_whole_with_actor_and_generation():
    yaml = "steadyd: 1\nactors: {noisy: {plugin: noisy}}\n" + PATIENT
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_ready()
        for text in ("noisy: on stdout", "noisy: on stderr", "noisy: a log line"):
            service.wait_log(text, "actor=noisy", "generation=0")
        assert service.actor("noisy")["note"] == "noisy: a note"
        assert sum(line.count("x") for line in service.log().splitlines()) >= 100_000
        service.kill_actor("noisy")
        service.wait_log("noisy: without an end", "actor=noisy", "generation=0")
        service.wait_log("noisy: on stdout", "actor=noisy", "generation=1")
        assert service.stop() == 0


def test_the_console_plugin_prints_into_the_log():
    yaml = f"""steadyd: 1
actors:
  ticker:  {{plugin: ticker, params: {{interval: 1ms, limit: 5}}}}
  console: {{plugin: console}}
channels: [ticker.ticks -> console.items]
{PATIENT}"""
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        for number in range(5):
            service.wait_log(f'{{"number":{number},', "actor=console", "generation=0")
        assert service.stop() == 0


def test_shutdown_ends_steadyd_also_when_everything_has_finished():
    with steady.Directories() as directories, steady.Service(directories, trio(generator="limit: 10")) as service:
        service.wait_finished()
        assert service.ctl("shutdown").returncode == 0
        assert service.process.wait(timeout=steady.WATCHDOG_SECONDS) == 0


def test_the_socket_may_come_from_the_environment(service):
    answer = steady.run(steady.BIN / "steadyctl", "version", env={**os.environ, "STEADY_SOCKET": str(service.socket)})
    assert answer.returncode == 0
