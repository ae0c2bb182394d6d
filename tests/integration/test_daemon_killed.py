"""kill -9 of steadyd itself: its workers end with it, and a new one on the same directories goes on where it was."""
import os
import random
import signal
import socket
import subprocess
import time

import steady
from graphs import Killer, assert_flows, complaints, trio

ROUNDS = 4 if steady.SANITIZED else 10


def wait_no_process(directories):
    steady.wait_until(lambda: not steady.processes_with(str(directories.root)), "every process has ended")


def checked(service):
    service.wait_ready()
    return service.metric("auditor", "checked")


def test_the_workers_of_a_killed_steadyd_end():
    with steady.Directories() as directories, steady.Service(directories, trio()) as service:
        service.wait_ready()
        service.kill_steadyd()
        wait_no_process(directories)


def test_a_worker_that_comes_up_after_the_death_of_steadyd_does_nothing():
    ours, its = socket.socketpair()
    with ours, its:
        ours.send(b"a plan that it would complain about\n")
        ours.close()
        worker = subprocess.run([steady.BIN / "steadyd-worker", "--control"], capture_output=True, text=True, timeout=30,
                                preexec_fn=lambda: os.dup2(its.fileno(), 3), close_fds=False, check=False)
    assert (worker.returncode, worker.stdout, worker.stderr) == (1, "", "")


def test_the_stream_goes_on_after_steadyd_was_killed_at_random_moments():
    rng = random.Random(steady.seed())
    seen = 0
    with steady.Directories() as directories, steady.Service(directories, trio()) as service:
        for _ in range(ROUNDS):
            time.sleep(rng.uniform(0, 0.1))  # the moment of the kill, anywhere from the start of the first worker on
            service.kill_steadyd()
            service.start()
            now = checked(service)
            assert now >= seen
            service.wait_metric("auditor", "checked", now + 1)
            assert complaints(service) == {}
            seen = now
        service.stop_and_check_nothing_is_left()


def test_the_stream_goes_on_after_steadyd_and_all_workers_were_killed_at_once():
    rng = random.Random(steady.seed())
    seen = 0
    with steady.Directories() as directories, steady.Service(directories, trio()) as service:
        for _ in range(ROUNDS // 2):
            now = checked(service)
            assert now >= seen
            seen = now
            victims = [service.process.pid, *service.pids().values()]
            for pid in rng.sample(victims, len(victims)):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass  # it died with steadyd
            service.kill_steadyd()
            service.start()
        service.wait_ready()
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


def test_a_stream_with_an_end_is_complete_after_kills_of_steadyd_and_of_workers():
    rng = random.Random(steady.seed())
    limit = 100_000 if steady.SANITIZED else 1_000_000
    graph = trio(generator=f"limit: {limit}, batch: 10", capacity=20)
    with steady.Directories() as directories, steady.Service(directories, graph) as service:
        kills = 0
        while any(actor["state"] != "finished" for actor in service.status()["actors"]) or kills < 2:  # again at the end
            Killer(service, rng).strike()
            time.sleep(rng.uniform(0, 0.1))
            if kills < 2 * ROUNDS:
                service.kill_steadyd()
                service.start()
                kills += 1
        print(f"killed steadyd {kills} times")
        assert service.metric("auditor", "checked") == limit
        assert complaints(service) == {}
        assert service.stop() == 0


def test_generations_are_counted_across_the_death_of_steadyd():
    with steady.Directories() as directories, steady.Service(directories, trio()) as service:
        service.wait_ready()
        service.kill_steadyd()
        service.start()
        service.wait_ready()
        assert {actor["generation"] for actor in service.status()["actors"]} == {1}


def test_sigterm_is_a_clean_stop():
    with steady.Directories() as directories, steady.Service(directories, trio()) as service:
        service.wait_ready()
        service.process.terminate()
        assert service.process.wait(timeout=steady.WATCHDOG_SECONDS) == 0
        assert directories.segments() == []
        assert steady.processes_with(str(directories.root)) == []
