"""What steadyd tells the service manager: ready, its state in words, that it lives, that it stops."""
import os
import signal
import socket

import steady
from graphs import PATIENT, assert_flows, trio, wait_stuck

PINGS_MICROSECONDS = "20000"


class Manager:
    """Listens where a service manager would: a datagram socket beside the test's directories."""

    def __init__(self, directories, name="notify"):
        self.path = directories.root / name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.socket.setblocking(False)
        self.heard = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def listen(self):
        """Everything that was said until now, oldest first, one assignment each."""
        while True:
            try:
                self.heard += self.socket.recv(65536).decode().splitlines()
            except BlockingIOError:
                return self.heard

    def count(self, line):
        return self.listen().count(line)

    def wait(self, line, least=1):
        steady.wait_until(lambda: self.count(line) >= least, f"the manager hears {line} {least} times")

    def environment(self, **more):
        return {"NOTIFY_SOCKET": str(self.path), **more}


def pinged(directories):
    """A folder with a steadyd that is told, as systemd tells it, that the pings of its own process are awaited."""
    folder = directories.root / "bin"
    folder.mkdir()
    (folder / "steadyctl").symlink_to(steady.BIN / "steadyctl")
    script = folder / "steadyd"
    script.write_text(f'#!/bin/sh\nexport WATCHDOG_PID=$$ WATCHDOG_USEC={PINGS_MICROSECONDS}\n'
                      f'exec "{steady.BIN}/steadyd" "$@"\n')
    script.chmod(0o755)
    return folder


def wait_many_frames(service):
    """A stretch of the daemon's own time in which everything periodic has happened often."""
    uptime = service.status()["uptime_seconds"]
    steady.wait_until(lambda: service.status()["uptime_seconds"] > uptime + 1, "many frames have gone by")


def test_ready_is_said_once_after_every_actor_was_started_and_stopping_at_the_end():
    with steady.Directories() as directories, Manager(directories) as manager, \
            steady.Service(directories, trio(), environment=manager.environment()) as service:
        manager.wait("READY=1")
        assert len(service.pids()) == 3  # none of them was still to come
        manager.wait("STATUS=Serving 3 actors")
        assert_flows(service)
        assert "STOPPING=1" not in manager.listen()
        service.stop_and_check_nothing_is_left()
        heard = manager.listen()
        assert heard.count("READY=1") == 1 and heard.count("STOPPING=1") == 1
        assert heard.index("READY=1") < heard.index("STOPPING=1")


def test_ready_waits_for_an_actor_that_is_starting_and_not_for_one_that_cannot():
    yaml = """steadyd: 1
actors: {a: {plugin: start_hangs, start_timeout: 1h, restart: temporary}, b: {plugin: good}}
"""
    with steady.Directories() as directories, Manager(directories) as manager, \
            steady.Service(directories, yaml, environment=manager.environment()) as service:
        service.wait_state("a", "starting")
        wait_many_frames(service)
        assert "READY=1" not in manager.listen()
        assert service.actor("b")["pid"] == 0  # its turn comes after the first is ready, or will never be
        service.kill_actor("a")
        manager.wait("READY=1")
        assert service.actor("b")["state"] == "running"
        assert service.stop() == 0


def test_an_actor_without_a_usable_plugin_keeps_nobody_from_being_ready():
    yaml = "steadyd: 1\nactors: {a: {plugin: other_abi}, b: {plugin: good}}\n"
    with steady.Directories() as directories, Manager(directories) as manager, \
            steady.Service(directories, yaml, environment=manager.environment()) as service:
        manager.wait("READY=1")
        assert not service.status()["ready"]  # that is another question
        assert service.stop() == 0


def test_pings_go_on_while_it_runs_drains_and_stops():
    yaml = f"""steadyd: 1
drain_timeout: 24h
actors:
  generator: {{plugin: demo, type: generator, params: {{start: 1}}}}
  victim: {{plugin: victim, type: victim, params: {{poison: "50", how: read}}}}
  ledger: {{plugin: victim, type: ledger}}
channels: [generator.numbers -> victim.numbers, victim.passed -> ledger.numbers]
{PATIENT}"""
    with steady.Directories() as directories, Manager(directories) as manager, \
            steady.Service(directories, yaml, environment=manager.environment(), binaries=pinged(directories)) as service:
        manager.wait("WATCHDOG=1", 3)
        wait_stuck(service)  # so the drain takes longer than any test
        service.process.send_signal(signal.SIGTERM)
        manager.wait("STOPPING=1")
        so_far = manager.count("WATCHDOG=1")
        manager.wait("WATCHDOG=1", so_far + 3)
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(timeout=steady.WATCHDOG_SECONDS) == 0


def test_nobody_is_pinged_who_did_not_ask():
    """Without WATCHDOG_USEC, and when the pings of another process are awaited."""
    for environment in ({}, {"WATCHDOG_USEC": PINGS_MICROSECONDS, "WATCHDOG_PID": str(os.getpid())}):
        with steady.Directories() as directories, Manager(directories) as manager, \
                steady.Service(directories, trio(), environment=manager.environment(**environment)) as service:
            manager.wait("READY=1")
            wait_many_frames(service)
            assert manager.count("WATCHDOG=1") == 0
            assert service.stop() == 0


def test_a_steadyd_that_is_stopped_by_a_signal_sends_no_pings_until_it_goes_on():
    """Another one, which runs on, is the clock."""
    with steady.Directories() as directories, steady.Directories() as others, \
            Manager(directories) as manager, Manager(others) as clock, \
            steady.Service(others, trio(), environment=clock.environment(), binaries=pinged(others)), \
            steady.Service(directories, trio(), environment=manager.environment(), binaries=pinged(directories)) as service:
        manager.wait("WATCHDOG=1", 3)
        service.process.send_signal(signal.SIGSTOP)
        steady.wait_until(lambda: steady.is_stopped(service.process.pid), "it is stopped")
        so_far = manager.count("WATCHDOG=1")
        clock.wait("WATCHDOG=1", clock.count("WATCHDOG=1") + 10)
        assert manager.count("WATCHDOG=1") == so_far
        service.process.send_signal(signal.SIGCONT)
        manager.wait("WATCHDOG=1", so_far + 3)
        assert_flows(service)
        assert service.stop() == 0


def test_a_drain_is_no_stop_and_an_upgrade_says_ready_again():
    with steady.Directories() as directories, Manager(directories) as manager, \
            steady.Service(directories, trio(), environment=manager.environment()) as service:
        manager.wait("READY=1")
        assert service.ctl("drain").returncode == 0
        assert manager.count("STOPPING=1") == 0
        assert service.ctl("start", "generator").returncode == 0
        assert service.ctl("upgrade").returncode == 0
        manager.wait("STATUS=Upgrading")
        manager.wait("READY=1", 2)
        assert manager.count("STOPPING=1") == 0
        assert service.stop() == 0


def test_a_manager_that_is_gone_harms_nobody():
    with steady.Directories() as directories, \
            steady.Service(directories, trio(), environment={"NOTIFY_SOCKET": str(directories.root / "nobody"),
                                                             "WATCHDOG_USEC": PINGS_MICROSECONDS}) as service:
        service.wait_ready()
        assert_flows(service)
        service.stop_and_check_nothing_is_left()
