"""steadyctl upgrade: the same service, process and data under the binary that is installed now, or a refusal that stops
nothing."""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time

import pytest

import steady
from graphs import Killer, PATIENT, assert_flows, complaints, trio

ROUNDS = 3 if steady.SANITIZED else 6
SLEEP = f"sleep 100000.{os.getpid()}"  # a command line that nobody else has
PROGRAMS = ("steadyd", "steadyd-worker", "steadyctl", "steadyd-symbols")


class Installation:
    """A copy of what is installed, in which steadyd may be replaced as a package manager does it: by rename."""

    def __init__(self, prefix):
        self.bin = prefix / "bin"
        self.bin.mkdir(parents=True)
        for program in PROGRAMS:
            shutil.copy2(steady.BIN / program, self.bin / program)
        shutil.copy2(steady.BIN / "steadyd", self.real)
        shutil.copytree(steady.PLUGINS, prefix / "lib/steadyd/plugins")

    @property
    def real(self):
        return self.bin / "steadyd-real"

    def contract(self):
        return json.loads(steady.run(self.real, "contract").stdout)

    def replace(self, text):
        """Puts a shell script in the place of steadyd."""
        script = self.bin / "steadyd.new"
        script.write_text("#!/bin/sh\n" + text)
        script.chmod(0o755)
        script.rename(self.bin / "steadyd")

    def restore(self):
        shutil.copy2(self.real, self.bin / "steadyd.new")
        (self.bin / "steadyd.new").rename(self.bin / "steadyd")


@pytest.fixture(name="installation")
def install(tmp_path):
    return Installation(tmp_path / "prefix")


def running(directories, installation, yaml=None, **options):
    return steady.Service(directories, yaml or trio(), binaries=installation.bin, **options)


def instance(service):
    return service.ask("version")["instance"]


def generations(service):
    return {actor["name"]: actor["generation"] for actor in service.status()["actors"]}


def upgrade(service):
    """An upgrade that must succeed: another instance in the same process, every actor in a later generation."""
    pid, before, old = service.process.pid, generations(service), instance(service)
    answer = service.ctl("upgrade")
    assert (answer.returncode, answer.stdout) == (0, "upgraded\n"), answer
    assert service.process.poll() is None and service.process.pid == pid
    assert instance(service) != old
    service.wait_ready()
    assert all(now > before[name] for name, now in generations(service).items())


def zombies_of(pid):
    """Children that nobody has reaped."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            state, parent = pathlib.Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == pid and state == "Z":
            found.append(int(entry))
    return found


def test_an_upgrade_under_full_load_goes_on_in_the_same_process_and_loses_nothing(installation):
    with steady.Directories() as directories, running(directories, installation) as service:
        service.wait_ready()
        seen = service.wait_metric("auditor", "checked", 1)
        upgrade(service)
        assert service.metric("auditor", "checked") >= seen
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


def test_many_upgrades_in_a_row_leak_no_descriptor_and_no_process(installation):
    with steady.Directories() as directories, running(directories, installation) as service:
        service.wait_ready()
        upgrade(service)
        held = steady.descriptors_at_rest(service.process.pid)
        for _ in range(ROUNDS):
            upgrade(service)
            assert_flows(service)
        assert steady.descriptors_at_rest(service.process.pid) == held
        assert zombies_of(service.process.pid) == []
        assert service.metrics("auditor")["checked"] > 0
        service.stop_and_check_nothing_is_left()


def test_workers_that_are_killed_during_upgrades_lose_nothing(installation):
    rng = random.Random(steady.seed())
    with steady.Directories() as directories, running(directories, installation) as service:
        service.wait_ready()
        killer = Killer(service, rng)
        for _ in range(ROUNDS):
            old = instance(service)
            asked = subprocess.Popen([installation.bin / "steadyctl", "--socket", service.socket, "upgrade"],
                                     stdout=subprocess.DEVNULL)
            while asked.poll() is None:
                try:
                    killer.strike()
                except (OSError, ValueError):
                    pass  # nobody answers between two lives
                time.sleep(rng.uniform(0, 0.02))
            assert asked.returncode == 0 and instance(service) != old
            service.wait_ready()
            assert_flows(service)
        print(f"killed {killer.count} workers")
        service.stop_and_check_nothing_is_left()


def test_a_binary_that_was_replaced_by_rename_is_the_one_that_goes_on(installation):
    with steady.Directories() as directories, running(directories, installation) as service:
        service.wait_ready()
        installation.replace(f'[ "$1" = contract ] || [ "$1" = check ] || echo "the other one" >&2\n'
                             f'exec "{installation.real}" "$@"\n')
        upgrade(service)
        service.wait_log("the other one")
        assert os.readlink(f"/proc/{service.process.pid}/exe") == str(installation.real)
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


# ---- refusals -------------------------------------------------------------------------------------------------------

def speaks(contract, then="exit 0"):
    """A successor that names this contract, and answers the check of the configuration with `then`."""
    return f"if [ \"$1\" = contract ]; then echo '{json.dumps(contract)}'; exit 0; fi\n{then}\n"


def check_refused(service, *texts):
    """An upgrade that is refused in one sentence while everything runs on as it was."""
    pids, before, old = service.pids(), generations(service), instance(service)
    answer = service.ctl("upgrade")
    assert answer.returncode == 1, answer
    assert answer.stdout == "" and len(answer.stderr.splitlines()) == 1
    for text in texts:
        assert text in answer.stderr
    service.wait_log("The upgrade is refused; everything runs on", texts[0])
    assert (service.pids(), generations(service), instance(service)) == (pids, before, old)
    assert service.status()["ready"]
    assert_flows(service)


@pytest.mark.parametrize("word, called", [("layout", "segment layout"), ("abi", "plugin contract")])
def test_a_successor_of_another_contract_is_refused_with_both_numbers(installation, word, called):
    with steady.Directories() as directories, running(directories, installation) as service:
        service.wait_ready()
        ours = installation.contract()
        installation.replace(speaks({**ours, "version": "99.0.0", word: ours[word] + 1}))
        check_refused(service, f"steadyd 99.0.0 has {called} {ours[word] + 1}", f"has {ours[word]}:", "Drain the service")
        service.stop_and_check_nothing_is_left()


@pytest.mark.parametrize("script, texts", [
    (SLEEP, ["does not answer"]),
    ("kill -SEGV $$", ["is it a steadyd?"]),
    ("echo 'Segmentation fault' >&2; exit 139", ["is it a steadyd?"]),
    ("echo rubbish; echo more", ["is it a steadyd?"]),
    ("head -c 300000 /dev/urandom", ["is it a steadyd?"]),
    ("echo '{\"version\": 1, \"layout\": \"a\", \"abi\": null}'", ["is it a steadyd?"]),
    ("echo '[]'", ["is it a steadyd?"]),
    ("exit 0", ["is it a steadyd?"]),
], ids=["hangs", "crashes", "exits", "rubbish", "binary rubbish", "wrong types", "no object", "silent"])
def test_a_successor_that_does_not_say_what_it_is_is_refused(installation, script, texts):
    with steady.Directories() as directories, running(directories, installation) as service:
        service.wait_ready()
        installation.replace(script + "\n")
        check_refused(service, *texts)
        assert not steady.processes_with(SLEEP.replace(" ", "\0"))
        installation.restore()
        upgrade(service)  # a refusal is no obstacle for the next one
        service.stop_and_check_nothing_is_left()


@pytest.mark.skipif(steady.SANITIZED, reason="a sanitizer's own memory is no measure")
@pytest.mark.parametrize("script", ["exec yes", "exec cat /dev/zero"], ids=["lines", "one line"])
def test_a_successor_that_never_stops_talking_does_not_fill_the_memory(installation, script):
    with steady.Directories() as directories, running(directories, installation) as service:
        service.wait_ready()
        installation.replace(script + "\n")
        check_refused(service, "the installed steadyd")
        status = pathlib.Path(f"/proc/{service.process.pid}/status").read_text()
        assert int(status.split("VmHWM:")[1].split()[0]) < 200_000  # KiB
        service.stop_and_check_nothing_is_left()


def test_a_successor_that_is_not_there_or_no_program_is_refused(installation):
    with steady.Directories() as directories, running(directories, installation) as service:
        service.wait_ready()
        (installation.bin / "steadyd").unlink()
        check_missing = service.ctl("upgrade")
        assert check_missing.returncode == 1 and str(installation.bin / "steadyd") in check_missing.stderr
        (installation.bin / "steadyd").write_bytes(b"\x7fELF and nothing else")
        assert service.ctl("upgrade").returncode == 1
        (installation.bin / "steadyd").unlink()
        (installation.bin / "steadyd").mkdir()
        assert service.ctl("upgrade").returncode == 1
        assert set(generations(service).values()) == {0}
        assert_flows(service)
        (installation.bin / "steadyd").rmdir()
        installation.restore()
        upgrade(service)
        service.stop_and_check_nothing_is_left()


def test_a_successor_that_refuses_the_configuration_is_refused_with_its_words(installation):
    with steady.Directories() as directories, running(directories, installation) as service:
        service.wait_ready()
        good = service.config.read_text()
        service.config.write_text(good + "nonsense: 1\n")
        check_refused(service, "refuses the configuration", "nonsense")
        service.config.unlink()
        check_refused(service, "refuses the configuration", str(service.config))
        service.config.write_text(good)
        installation.replace(speaks(installation.contract(), "echo 'I do not like it' >&2; exit 1"))
        check_refused(service, "refuses the configuration", "I do not like it")
        installation.replace(speaks(installation.contract(), "kill -SEGV $$"))
        check_refused(service, "refuses the configuration", "signal 11")
        installation.restore()
        upgrade(service)
        service.stop_and_check_nothing_is_left()


# ---- what stays -----------------------------------------------------------------------------------------------------

def victims(poison, once="false", supervision=PATIENT):
    return f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator, params: {{start: 1}}}}
  victim: {{plugin: victim, type: victim, params: {{poison: "{poison}", once: {once}}}, max_deliveries: 1}}
  ledger: {{plugin: victim, type: ledger}}
channels:
  - generator.numbers -> victim.numbers
  - victim.passed -> ledger.numbers
{supervision}"""


def test_dead_letters_and_incidents_are_there_after_an_upgrade(installation):
    with steady.Directories() as directories, \
            running(directories, installation, victims("100 200 300"), crashes=True) as service:
        letters = lambda: service.ask("dlq_list")["letters"]
        steady.wait_until(lambda: [letter["state"] for letter in letters()] == ["held"] * 3, "three letters are held")
        service.wait_ready()
        # Once more, after the explanations of their stacks have been added.
        explained = lambda: all(service.ask("incident", id=each["id"])["backtrace"]
                                for each in service.ask("incidents")["incidents"])
        steady.wait_until(explained, "every stack is explained")
        before = letters(), service.ask("incidents")["incidents"]
        upgrade(service)
        assert (letters(), service.ask("incidents")["incidents"]) == before
        assert service.metric("ledger", "disorder") == 0
        assert service.ctl("dlq", "purge", "--all").returncode == 0
        assert service.stop() == 0


def test_durable_and_other_state_is_there_after_an_upgrade(installation):
    """Actors that had finished have not forgotten it either: nothing is counted twice."""
    with steady.Directories() as directories, \
            running(directories, installation, trio(generator="limit: 1000")) as service:
        service.wait_finished()
        assert service.ctl("upgrade").returncode == 0
        service.wait_finished()
        assert service.metric("auditor", "checked") == 1000
        assert complaints(service) == {}
        service.stop_and_check_nothing_is_left()


# ---- in the middle --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("moment", ["anywhere", "Upgrading: workers finish", "steadyd goes on as another binary"])
def test_steadyd_may_be_killed_in_the_middle_of_an_upgrade(installation, moment):
    rng = random.Random(steady.seed())
    seen = 0
    with steady.Directories() as directories, running(directories, installation) as service:
        service.wait_ready()
        for _ in range(ROUNDS):
            said = service.log().count(moment)
            asked = subprocess.Popen([installation.bin / "steadyctl", "--socket", service.socket, "upgrade"],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if moment == "anywhere":
                time.sleep(rng.uniform(0, 0.3))  # the moment of the kill, from the question to the successor's first steps
            else:
                steady.wait_until(lambda: service.log().count(moment) > said, f"the log says {moment}")
            service.kill_steadyd()
            asked.kill()
            asked.wait()
            service.start()
            service.wait_ready()
            now = service.metric("auditor", "checked")
            assert now >= seen
            seen = now
            assert_flows(service)
        service.stop_and_check_nothing_is_left()


def test_a_signal_that_ends_steadyd_while_its_successor_is_asked_ends_it(installation):
    with steady.Directories() as directories, running(directories, installation) as service:
        service.wait_ready()
        asked_file = directories.root / "asked"
        installation.replace(speaks(installation.contract(), f"touch {asked_file}; {SLEEP}"))
        asked = subprocess.Popen([installation.bin / "steadyctl", "--socket", service.socket, "upgrade"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        steady.wait_until(asked_file.exists, "the successor is asked")
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(timeout=steady.WATCHDOG_SECONDS) == 0
        asked.kill()
        asked.wait()
        service.check_nothing_is_left()
        assert not steady.processes_with(SLEEP.replace(" ", "\0"))


def test_of_two_upgrades_at_once_the_second_is_refused_and_the_first_goes_on(installation):
    with steady.Directories() as directories, running(directories, installation) as service:
        service.wait_ready()
        before, old = generations(service), instance(service)
        asked_file, gate = directories.root / "asked", directories.root / "gate"
        installation.replace(f'if [ "$1" = check ]; then touch {asked_file}; until [ -e {gate} ]; do sleep 0.01; done; fi\n'
                             f'exec "{installation.real}" "$@"\n')
        first = subprocess.Popen([installation.bin / "steadyctl", "--socket", service.socket, "upgrade"],
                                 stdout=subprocess.PIPE, text=True)
        steady.wait_until(asked_file.exists, "the successor is asked")
        second = service.ctl("upgrade")
        assert second.returncode == 1 and "upgrading already" in second.stderr
        assert (generations(service), instance(service)) == (before, old)
        gate.touch()
        assert first.communicate(timeout=steady.WATCHDOG_SECONDS)[0] == "upgraded\n"
        assert first.returncode == 0
        service.wait_ready()
        assert all(now == before[name] + 1 for name, now in generations(service).items())
        assert_flows(service)
        service.stop_and_check_nothing_is_left()
