"""steadyd's own log: its formats, and the last lines of it that steadyctl logs shows."""
import json
import os
import re
import socket
import subprocess

import pytest

import steady
from graphs import PATIENT, trio

NOISY = "steadyd: 1\nactors: {noisy: {plugin: noisy}, other: {plugin: noisy}}\n" + PATIENT
SHARED = """steadyd: 1
actors:
  a: {plugin: good, worker: pair}
  b: {plugin: good, worker: pair}
  c: {plugin: good}
"""


@pytest.fixture(name="service", scope="module")
def noisy_service():
    with steady.Directories() as directories, steady.Service(directories, NOISY) as service:
        service.wait_ready()
        for actor in ("noisy", "other"):
            for said in ("noisy: on stdout", "noisy: a log line", "noisy: bytes"):  # the last on each way
                service.wait_log(said, f"actor={actor}")
        yield service
        assert service.stop() == 0


# ---- steadyctl logs -------------------------------------------------------------------------------------------------

def test_the_log_of_an_actor_is_what_it_says_and_what_is_said_of_it(service):
    answer = service.ctl("logs", "noisy")
    assert answer.returncode == 0
    for text in ("noisy: on stdout", "noisy: on stderr", "noisy: a log line", "Worker is ready"):
        assert text in answer.stdout
    assert "actor=other" not in answer.stdout
    assert "steadyd is up" in service.ctl("logs").stdout
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z info  ", answer.stdout)


def test_the_newest_lines_are_shown_and_as_many_as_asked_for(service):
    everything = service.ask("logs", limit=1000)["lines"]
    assert [line["number"] for line in everything] == list(range(1, len(everything) + 1))
    two = [json.loads(line) for line in service.ctl("--json", "logs", "-n", "2").stdout.splitlines()]
    assert two == everything[-2:]
    assert service.ctl("logs", "-n", "0").stdout == ""


def test_an_unknown_actor_is_a_no(service):
    answer = service.ctl("logs", "nobody")
    assert answer.returncode == 1
    assert "nobody" in answer.stderr


@pytest.mark.parametrize("params", [{"limit": -1}, {"limit": "5"}, {"after": 1.5}, {"actor": 5}, {"after": None}])
def test_wrong_parameters_are_refused(service, params):
    with pytest.raises(AssertionError, match="-32602"):
        service.ask("logs", **params)


def test_a_line_of_a_shared_worker_is_in_the_log_of_each_of_its_actors():
    with steady.Directories() as directories, steady.Service(directories, SHARED) as service:
        service.wait_ready()
        for actor in "ab":
            assert "Worker is ready  actor=a,b" in service.ctl("logs", actor).stdout
        assert "actor=a,b" not in service.ctl("logs", "c").stdout
        assert service.stop() == 0


def follow(service, *arguments):
    return subprocess.Popen([steady.BIN / "steadyctl", "--socket", service.socket, "logs", "-f", *arguments],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_following_shows_what_is_added_once_and_ends_with_the_daemon():
    with steady.Directories() as directories, steady.Service(directories, NOISY) as service:
        service.wait_ready()
        service.wait_log("Worker is ready", "actor=noisy")
        with follow(service, "noisy") as following:
            lines = []
            while not any("Worker is ready" in line for line in lines):
                lines.append(following.stdout.readline())
            for generation in (1, 2, 3):
                assert service.ctl("restart", "noisy").returncode == 0
                service.wait_generation("noisy", generation)
                while not any(f"generation={generation}  pid" in line for line in lines):
                    lines.append(following.stdout.readline())
            service.kill_steadyd()
            rest, complaint = following.communicate(timeout=steady.WATCHDOG_SECONDS)
        assert following.returncode == 3
        assert "cannot reach steadyd" in complaint
        lines += rest.splitlines(keepends=True)
        assert len(lines) == len(set(lines))
        assert sum("Operator: restart" in line for line in lines) == 3


def test_the_number_of_lines_is_bounded_and_who_follows_learns_what_is_missing():
    yaml = f"""steadyd: 1
actors:
  ticker:  {{plugin: ticker, params: {{interval: 0ms, limit: 12000}}}}
  console: {{plugin: console}}
channels: [ticker.ticks -> console.items]
{PATIENT}"""
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_log('{"number":11999,')
        answer = service.ask("logs", after=0, limit=100_000)
        assert len(answer["lines"]) == 5000
        assert answer["lines"][0]["number"] == answer["dropped"] + 1
        assert answer["lines"][-1]["number"] == answer["last"] == answer["dropped"] + 5000 > 12000
        assert service.stop() == 0


# ---- formats --------------------------------------------------------------------------------------------------------

def test_every_line_of_the_json_format_is_an_object_whatever_actors_print():
    with steady.Directories() as directories, \
            steady.Service(directories, NOISY, arguments=["--log-format", "json"]) as service:
        service.wait_ready()
        service.wait_log("noisy: bytes")
        service.kill_actor("noisy")
        service.wait_log("\\n", "noisy")  # the report of the incident has several lines
        service.wait_generation("noisy", 1)
        assert service.stop() == 0
        lines = [json.loads(line) for line in service.log_path.read_bytes().decode().splitlines()]
    assert all({"time", "level", "message"} <= set(line) for line in lines)
    up = next(line for line in lines if line["message"] == "steadyd is up")
    assert up["actors"] == 2
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", up["time"])
    said = next(line for line in lines if line["message"] == "noisy: on stdout" and line["actor"] == "noisy")
    assert (said["level"], said["generation"]) == ("info", 0)
    assert any("\ufffd" in line["message"] for line in lines)


def test_a_broken_configuration_is_json_too_when_that_is_asked_for():
    with steady.Directories() as directories:
        path = directories.write("steadyd.yaml", "steadyd: 1\nactors: {a: {plugin: good, nonsense: 1, other: 2}}\n")
        answer = steady.run(steady.BIN / "steadyd", "--config", path, "--log-format", "json")
        assert answer.returncode == 1
        messages = [json.loads(line)["message"] for line in answer.stderr.splitlines()]
        assert len(messages) == 2 and "nonsense" in messages[0]
        assert "nonsense" in steady.run(steady.BIN / "steadyd", "--config", path).stderr.splitlines()[0]


def test_an_unknown_format_is_wrong_usage():
    answer = steady.run(steady.BIN / "steadyd", "--log-format", "xml")
    assert answer.returncode == 2
    assert "human, json, journald" in answer.stderr


class Journal:
    """A socket where the journal's would be, for a steadyd that sees a /run of its own; with `listens` off, none."""

    def __init__(self, directories, listens=True):
        self.directory = directories.root / "journal"
        self.directory.mkdir()
        self.binaries = directories.root / "bin"
        self.binaries.mkdir()
        (self.binaries / "steadyctl").symlink_to(steady.BIN / "steadyctl")
        script = directories.write("bin/steadyd", f"""#!/bin/sh
exec unshare --user --map-root-user --mount /bin/sh -c '
  mount -t tmpfs none /run && mkdir -p /run/systemd/journal && mount --bind "$0" /run/systemd/journal &&
  exec setpriv --pdeathsig KILL "$@"' {self.directory} {steady.BIN}/steadyd "$@"
""")
        script.chmod(0o755)
        if steady.run(script, "--version").returncode != 0:
            pytest.skip("no user and mount namespaces here")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        if listens:
            self.socket.bind(str(self.directory / "socket"))
        self.socket.setblocking(False)
        self.entries = []

    def read(self):
        """Every entry so far: a list of (name, value)."""
        while True:
            try:
                self.entries.append(list(fields(self.socket.recv(1 << 20))))
            except BlockingIOError:
                return self.entries

    def wait_entry(self, *wanted):
        return steady.wait_until(
            lambda: next((entry for entry in self.read() if all(field in entry for field in wanted)), None),
            f"the journal gets {wanted}")


def fields(datagram):
    """The journal's native protocol: NAME=value, or NAME, the value's length and the value."""
    while datagram:
        line, datagram = datagram.split(b"\n", 1)
        name, equals, value = line.partition(b"=")
        if not equals:
            size = int.from_bytes(datagram[:8], "little")
            value, datagram = datagram[8:8 + size], datagram[8 + size + 1:]
        yield name.decode(), value.decode(errors="replace")


def test_the_journal_gets_fields():
    with steady.Directories() as directories:
        journal = Journal(directories)
        with steady.Service(directories, SHARED, arguments=["--log-format", "journald"],
                            binaries=journal.binaries) as service:
            service.wait_ready()
            ready = journal.wait_entry(("ACTOR", "a"), ("ACTOR", "b"), ("PRIORITY", "6"), ("STEADY_GENERATION", "0"))
            assert dict(ready)["MESSAGE"].startswith("Worker is ready  actor=a,b")
            assert ("SYSLOG_IDENTIFIER", "steadyd") in ready
            service.kill_actor("c")
            report = journal.wait_entry(("PRIORITY", "4"), ("ACTOR", "c"))
            assert "c" in dict(report)["MESSAGE"]
            assert "Worker is ready" in service.ctl("logs", "a").stdout
            assert service.stop() == 0
        assert service.log() == ""


@pytest.mark.parametrize("listens", [True, False], ids=["journal", "no journal"])
def test_auto_is_the_journal_when_stderr_is_its_stream_and_it_listens(listens):
    with steady.Directories() as directories:
        journal = Journal(directories, listens)
        status = os.stat(directories.write("log", ""))
        with steady.Service(directories, SHARED, binaries=journal.binaries,
                            environment={"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}) as service:
            service.wait_ready()
            if listens:
                journal.wait_entry(("ACTOR", "c"), ("PRIORITY", "6"))
                assert service.log() == ""
            else:
                assert service.wait_log("Worker is ready").startswith("info ")  # the stream has stamps of its own
            assert service.stop() == 0


def test_without_a_journal_journald_is_human_and_says_so():
    with steady.Directories() as directories:
        journal = Journal(directories, listens=False)
        with steady.Service(directories, trio(), arguments=["--log-format", "journald"],
                            binaries=journal.binaries) as service:
            service.wait_log("there is no journal")
            service.wait_log("steadyd is up")
            assert service.stop() == 0
