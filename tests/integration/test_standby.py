"""`standby: true`: a loaded spare takes over when its worker dies, at once, and nothing is lost, doubled or left behind."""
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import time

import steady
from graphs import Killer, PATIENT, TRIO, assert_flows, complaints, trio

STANDBY = f"""steadyd: 1
name: trio
actors:
  generator: {{plugin: demo, type: generator, standby: true}}
  fizzbuzz:  {{plugin: demo, type: fizzbuzz, standby: true}}
  auditor:   {{plugin: demo, type: auditor, standby: true}}
channels: [generator.numbers -> fizzbuzz.numbers, fizzbuzz.verdicts -> auditor.verdicts]
{PATIENT}"""


def wait_spare(service, name, other_than=()):
    """Waits until an actor has a spare that is ready, with another process than those; returns its number."""
    def ready():
        actor = service.actor(name)
        return actor["standby"] == "ready" and actor["up"] and actor["standby_pid"] not in other_than and actor
    return steady.wait_until(ready, f"a spare of {name} is ready")["standby_pid"]


def wait_spares(service, names=TRIO):
    for name in names:
        wait_spare(service, name)


def wait_taken_over(service, name, generation, pid):
    """Waits for the generation and checks that it is the process which was the spare."""
    assert service.wait_generation(name, generation)["pid"] == pid


@contextlib.contextmanager
def asleep(pid):
    """Stops a process meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    steady.wait_until(lambda: steady.is_stopped(pid), f"{pid} is stopped")
    yield
    os.kill(pid, signal.SIGCONT)


def is_dead(pid):
    """And waits to be reaped."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def wait_gone(*pids):
    steady.wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids), f"{pids} are gone")


def test_the_spare_takes_over_and_another_one_follows():
    with steady.Directories() as directories, steady.Service(directories, STANDBY) as service:
        service.wait_ready()
        for generation in range(1, 4):
            for name in TRIO:
                spare = wait_spare(service, name)
                service.kill_actor(name)
                wait_taken_over(service, name, generation, spare)
        wait_spares(service)
        assert_flows(service)
        assert service.actor("auditor")["restarts"] == {"killed": 3}
        assert 'steady_actor_standby_ready{actor="fizzbuzz"} 1' in service.http("/metrics")
        assert "standby ready" in service.ctl("status").stdout
        service.stop_and_check_nothing_is_left()


def test_a_spare_that_dies_is_replaced_and_its_worker_goes_on():
    with steady.Directories() as directories, steady.Service(directories, STANDBY) as service:
        service.wait_ready()
        spare = wait_spare(service, "fizzbuzz")
        before = service.actor("fizzbuzz")
        os.kill(spare, signal.SIGKILL)
        service.wait_log("A spare died", f"pid={spare}", "actor=fizzbuzz", "killed by signal 9")
        successor = wait_spare(service, "fizzbuzz", [spare])
        after = service.actor("fizzbuzz")
        assert (after["pid"], after["generation"], after["restarts"]) == (before["pid"], before["generation"], {})
        assert service.ask("incidents")["incidents"] == []
        service.kill_actor("fizzbuzz")
        wait_taken_over(service, "fizzbuzz", 1, successor)
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


def test_worker_and_spare_killed_at_once_is_one_ordinary_restart():
    with steady.Directories() as directories, steady.Service(directories, STANDBY) as service:
        service.wait_ready()
        for generation in range(1, 6):
            spare = wait_spare(service, "fizzbuzz")
            worker = service.actor("fizzbuzz")["pid"]
            with asleep(service.process.pid):  # it learns of both deaths at one moment
                for pid in random.sample([spare, worker], 2):
                    os.kill(pid, signal.SIGKILL)
                steady.wait_until(lambda: all(map(is_dead, (spare, worker))), "both are dead")
            actor = service.wait_generation("fizzbuzz", generation)
            assert actor["generation"] == generation and actor["pid"] != spare
            assert sum(actor["restarts"].values()) == generation
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


def test_kills_of_workers_and_spares_at_full_speed_lose_double_and_reorder_nothing():
    rng = random.Random(steady.seed())
    with steady.Directories() as directories, steady.Service(directories, STANDBY) as service:
        service.wait_ready()
        wait_spares(service)
        killer = Killer(service, rng)
        takeovers = 0
        while killer.count < (20 if steady.SANITIZED else 120) or takeovers == 0:
            time.sleep(rng.choice([0, rng.uniform(0, 0.02)]))  # the moment of the kill, not a wait for anything
            actors = {actor["name"]: actor for actor in service.status()["actors"]}
            if rng.random() < 0.2:
                kill_if_there(rng.choice([actor["standby_pid"] for actor in actors.values()]))
            victim = killer.strike()
            if victim and rng.random() < 0.7:
                killer.wait_for_heir(victim)
                takeovers += service.actor(victim)["pid"] == actors[victim]["standby_pid"]
            if killer.count % 20 == 0:
                assert complaints(service) == {}, f"after {killer.count} kills"
        service.wait_ready()
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


def kill_if_there(pid):
    with contextlib.suppress(ProcessLookupError):
        if pid:
            os.kill(pid, signal.SIGKILL)


def test_spares_die_with_steadyd_and_nothing_is_lost():
    with steady.Directories() as directories, steady.Service(directories, STANDBY) as service:
        service.wait_ready()
        wait_spares(service)
        actors = service.status()["actors"]
        pids = [actor[key] for actor in actors for key in ("pid", "standby_pid")]
        service.kill_steadyd()
        wait_gone(*pids)
        service.start()
        wait_spares(service)
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


def test_stop_start_restart_and_drain_of_an_actor_with_a_spare():
    with steady.Directories() as directories, steady.Service(directories, STANDBY) as service:
        service.wait_ready()
        wait_spares(service)
        spare = wait_spare(service, "fizzbuzz")
        assert service.ctl("restart", "fizzbuzz").returncode == 0
        wait_taken_over(service, "fizzbuzz", 1, spare)
        spare = wait_spare(service, "fizzbuzz")
        assert service.ctl("stop", "fizzbuzz").returncode == 0
        service.wait_state("fizzbuzz", "stopped")
        wait_gone(spare)
        stopped = service.actor("fizzbuzz")
        assert (stopped["standby"], stopped["standby_pid"]) == ("none", 0)
        assert service.ctl("start", "fizzbuzz").returncode == 0
        wait_spares(service)
        assert_flows(service)
        spares = [actor["standby_pid"] for actor in service.status()["actors"]]
        assert service.ctl("drain").returncode == 0
        service.wait_finished()
        wait_gone(*spares)
        service.stop_and_check_nothing_is_left()


def test_one_for_all_starts_every_spare():
    yaml = STANDBY.replace("supervision: {", "supervision: {strategy: one_for_all, ")
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_ready()
        spares = {name: wait_spare(service, name) for name in TRIO}
        service.kill_actor("fizzbuzz")
        for name in TRIO:
            wait_taken_over(service, name, 1, spares[name])
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


def test_a_shared_worker_is_taken_over_whole_and_a_stream_comes_to_its_end():
    limit = 300_000
    yaml = f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, params: {{limit: {limit}, batch: 100}}, worker: front, standby: true}}
  fizzbuzz:  {{plugin: demo, type: fizzbuzz, worker: front, standby: true}}
  auditor:   {{plugin: demo, type: auditor}}
channels: ["generator.numbers -> fizzbuzz.numbers", {{from: fizzbuzz.verdicts, to: auditor.verdicts, capacity: 256}}]
{PATIENT}"""
    held = {"STEADY_DEBUG_COMMIT_STOP": "auditor:1:1"}  # the stream cannot end before its next generation
    with steady.Directories() as directories, steady.Service(directories, yaml, held) as service:
        service.wait_ready()
        for generation in range(1, 4):
            spare = wait_spare(service, "generator")
            assert wait_spare(service, "fizzbuzz") == spare
            service.kill_actor("generator")
            wait_taken_over(service, "generator", generation, spare)
            wait_taken_over(service, "fizzbuzz", generation, spare)
        spare = wait_spare(service, "generator")
        assert service.kill_actor("auditor")
        service.wait_finished()
        wait_gone(spare)  # what has finished needs none
        assert service.metric("auditor", "checked") == limit
        assert complaints(service) == {}
        service.stop_and_check_nothing_is_left()


def test_poison_is_found_and_set_aside_through_spares():
    yaml = f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, params: {{limit: 20000, start: 1}}}}
  victim: {{plugin: victim, type: victim, params: {{poison: "777 5000", how: abort}}, standby: true}}
  ledger: {{plugin: victim, type: ledger}}
channels: [{{from: generator.numbers, to: victim.numbers, capacity: 16Ki}}, victim.passed -> ledger.numbers]
supervision: {{intensity: 10000, period: 10s, backoff: {{first: 50ms, min: 50ms, max: 50ms}}}}
"""
    with steady.Directories() as directories, steady.Service(directories, yaml, crashes=True) as service:
        service.wait_finished()
        letters = service.ask("dlq_list")["letters"]
        assert sorted(json.loads(letter["text"])["value"] for letter in letters) == [777, 5000]
        assert all(letter["deliveries"] == 3 and letter["state"] == "held" for letter in letters)
        metrics = service.metrics("ledger")
        assert (metrics["received"], metrics["disorder"]) == (19_998, 0)
        service.stop_and_check_nothing_is_left()


def keeper(directories, version):
    """Puts that version of the plugin in place, as an installer would: under its name at once."""
    folder = directories.root / "plugins"
    folder.mkdir(exist_ok=True)
    shutil.copy(steady.FIXTURE_PLUGINS / f"keeper_{version}.so", folder / "keeper.so.new")
    (folder / "keeper.so.new").rename(folder / "keeper.so")


def test_a_plugin_that_was_replaced_is_what_an_operators_restart_starts():
    with steady.Directories() as directories:
        keeper(directories, 1)
        yaml = f"""steadyd: 1
plugin_path: {directories.root}/plugins
actors:
  generator: {{plugin: demo, type: generator}}
  keeper: {{plugin: keeper, standby: true}}
channels: [generator.numbers -> keeper.numbers]
{PATIENT}"""
        with steady.Service(directories, yaml) as service:
            service.wait_ready()
            service.wait_metric("keeper", "taken", 1000)
            old = wait_spare(service, "keeper")
            keeper(directories, 2)
            service.kill_actor("keeper")
            wait_taken_over(service, "keeper", 1, old)  # a restart by the tree keeps the copy that it has
            old = wait_spare(service, "keeper")
            assert service.ctl("restart", "keeper").returncode == 0
            service.wait_log("The state was taken over from an older version")
            assert service.wait_generation("keeper", 0)["pid"] != old
            wait_gone(old)
            new = wait_spare(service, "keeper")
            generation = service.actor("keeper")["generation"]
            service.kill_actor("keeper")
            wait_taken_over(service, "keeper", generation + 1, new)
            service.stop_and_check_nothing_is_left()


def test_a_spare_whose_files_were_replaced_is_not_used():
    with steady.Directories() as directories, steady.Service(directories, STANDBY) as service:
        service.wait_ready()
        spare = wait_spare(service, "fizzbuzz")
        bell = directories.runtime / "segments/actor-fizzbuzz.bell"
        shutil.copy(bell, bell.with_suffix(".copy"))
        bell.with_suffix(".copy").rename(bell)
        service.kill_actor("fizzbuzz")
        assert service.wait_generation("fizzbuzz", 1)["pid"] != spare
        service.wait_log("A spare no longer fits", "actor=fizzbuzz")
        wait_gone(spare)
        service.kill_steadyd()  # the others still ring the old bell
