"""Workers and channels are where the configuration puts them: the kernel's own words about real processes, before and after
a kill; and what this machine does not allow is refused with the reason, while the rest runs."""
import os
import pathlib
import re
import resource
import shutil

import pytest

import steady
from graphs import PATIENT, TRIO, assert_flows

HUGE = pathlib.Path("/sys/kernel/mm/transparent_hugepage")
CPUS = sorted(os.sched_getaffinity(0))
LAST_CPU = CPUS[-1]
SYS_NICE, IPC_LOCK = 23, 14


def may(capability):
    """Whether programs that this test starts have the capability."""
    found = re.search(r"^CapEff:\s*(\w+)", pathlib.Path("/proc/self/status").read_text(), re.M)
    return bool(int(found[1], 16) >> capability & 1) and os.geteuid() == 0


def without_rights(*command):
    """The command as one who may raise no priority and lock next to nothing."""
    drop = ["setpriv", "--bounding-set=-sys_nice,-ipc_lock", "--inh-caps=-sys_nice,-ipc_lock"] if os.geteuid() == 0 else []
    return [*drop, "prlimit", "--nice=0:0", "--rtprio=0:0", "--memlock=65536:65536", *map(str, command)]


def stand_in(directory):
    """A directory of programs in which steadyd gives up its rights before it runs."""
    binaries = directory / "bin"
    binaries.mkdir()
    for program in steady.BIN.iterdir():
        (binaries / program.name).symlink_to(program)
    (binaries / "steadyd").unlink()
    command = " ".join(without_rights(steady.BIN / "steadyd"))
    (binaries / "steadyd").write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    (binaries / "steadyd").chmod(0o755)
    return binaries


needs_rights = pytest.mark.skipif(not (may(SYS_NICE) and may(IPC_LOCK)), reason="this user may raise no priority")
needs_tools = pytest.mark.skipif(not (shutil.which("setpriv") and shutil.which("prlimit")),
                                 reason="util-linux is not installed")
no_locks = steady.SANITIZED  # its runtime makes nothing of mlock and mlockall


def placed(fizzbuzz="", channel=""):
    """The trio; `fizzbuzz` has keys of its own, and so has the channel that leads to it."""
    return f"""steadyd: 1
actors:
  generator: {{plugin: demo, type: generator}}
  fizzbuzz:  {{plugin: demo, type: fizzbuzz{fizzbuzz}}}
  auditor:   {{plugin: demo, type: auditor}}
channels:
  - {{from: generator.numbers, to: fizzbuzz.numbers{channel}}}
  - fizzbuzz.verdicts -> auditor.verdicts
{PATIENT}"""


def status_of(task):
    """/proc/.../status as a dictionary."""
    return dict(line.split(":", 1) for line in (task / "status").read_text().splitlines())


def threads(pid):
    return list(pathlib.Path(f"/proc/{pid}/task").iterdir())


def mappings(pid, file):
    """What smaps says of each mapping of a file whose name ends so."""
    found, at = [], None
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            at = {} if line.endswith(file) else None
            found += [at] if at is not None else []
        elif at is not None:
            key, value = line.split(":", 1)
            at[key] = value.removesuffix(" kB").strip()
    return found


def locked(pid, file):
    """KiB of a file that are mapped, there, and not to go."""
    return sum(int(each["Rss"]) for each in mappings(pid, file) if "lo" in each["VmFlags"].split())


def in_each_generation(service, name, check):
    """The check holds for the worker of an actor now, and for the one that follows after a kill."""
    check(service.actor(name)["pid"])
    generation = service.actor(name)["generation"]
    assert service.kill_actor(name)
    check(service.wait_generation(name, generation + 1)["pid"])


def test_every_thread_of_a_worker_is_on_its_cpus_and_has_its_nice_value():
    def check(pid):
        steady.wait_until(lambda: len(threads(pid)) > 1, "the thread that reads orders")
        for task in threads(pid):
            assert status_of(task)["Cpus_allowed_list"].strip() == str(LAST_CPU)
            assert os.getpriority(os.PRIO_PROCESS, int(task.name)) == 19

    keys = f", cpus: {LAST_CPU}, nice: 19"
    with steady.Directories() as directories, steady.Service(directories, placed(keys)) as service:
        service.wait_ready()
        in_each_generation(service, "fizzbuzz", check)
        assert_flows(service)
        other = service.actor("auditor")["pid"]
        assert len(os.sched_getaffinity(other)) == len(CPUS)
        assert os.getpriority(os.PRIO_PROCESS, other) == os.getpriority(os.PRIO_PROCESS, 0)
        assert len(os.sched_getaffinity(service.process.pid)) == len(CPUS)
        shown = {actor["name"]: actor.get("placement") for actor in service.status()["actors"]}
        assert shown == {"generator": None, "fizzbuzz": {"cpus": str(LAST_CPU), "nice": "19"}, "auditor": None}
        service.stop_and_check_nothing_is_left()


@needs_rights
def test_every_thread_of_a_worker_has_its_policy_and_its_memory_is_locked():
    def check(pid):
        for task in threads(pid):
            assert os.sched_getscheduler(int(task.name)) == os.SCHED_RR
            assert os.sched_getparam(int(task.name)).sched_priority == 3
        assert no_locks or int(status_of(pathlib.Path(f"/proc/{pid}"))["VmLck"].split()[0]) > 4096

    keys = ", sched: {policy: rr, priority: 3}, lock_memory: true"
    with steady.Directories() as directories, steady.Service(directories, placed(keys)) as service:
        service.wait_ready()
        in_each_generation(service, "fizzbuzz", check)
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


@pytest.mark.skipif(no_locks or not may(IPC_LOCK), reason="nothing may be locked here")
def test_a_locked_channel_is_in_memory_at_both_ends():
    def check(pid):
        # The ring twice, and the page before it; the reader's page.
        assert locked(pid, "channel-generator.numbers.ring") == 2 * 1024 + 4
        assert locked(pid, "to-fizzbuzz.numbers.reader") == 4
        assert locked(pid, "channel-fizzbuzz.verdicts.ring") == 0

    with steady.Directories() as directories, \
            steady.Service(directories, placed(channel=", capacity: 128Ki, lock_memory: true")) as service:
        service.wait_ready()
        check(service.actor("generator")["pid"])
        in_each_generation(service, "fizzbuzz", check)
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


def test_a_channel_of_huge_pages_has_them_at_both_ends():
    ring = "channel-generator.numbers.ring"

    def check(pid):
        # The data appears twice; in its second copy the first of its two huge pages begins within the first mapping.
        assert [int(each["ShmemPmdMapped"]) for each in mappings(pid, ring)] == [4096, 2048]

    yaml = placed(channel=", capacity: 512Ki, huge_pages: true")
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        if (HUGE / "shmem_enabled").exists() and "[deny]" not in (HUGE / "shmem_enabled").read_text():
            service.wait_ready()
            check(service.actor("generator")["pid"])
            in_each_generation(service, "fizzbuzz", check)
            in_each_generation(service, "generator", check)
            assert_flows(service)
        else:
            assert "huge_pages" in service.wait_state("generator", "failed")["reason"]
        service.stop_and_check_nothing_is_left()


@needs_rights
def test_memory_of_a_node_comes_from_there_for_workers_and_channels():
    node = pathlib.Path("/sys/devices/system/node/node0/cpulist")
    if not node.exists() or not status_of(pathlib.Path("/proc/self"))["Mems_allowed_list"].strip().startswith("0"):
        pytest.skip("there is no node 0 to use")
    cpus = {cpu for part in node.read_text().split(",")
            for cpu in range(int(part.split("-")[0]), int(part.split("-")[-1]) + 1)}
    with steady.Directories() as directories, \
            steady.Service(directories, placed(", numa: 0", ", capacity: 128Ki, numa: 0")) as service:
        service.wait_ready()

        def check(pid):
            maps = pathlib.Path(f"/proc/{pid}/numa_maps").read_text().splitlines()
            rings = [line for line in maps if "channel-generator.numbers.ring" in line]
            assert rings and all(" bind:0 " in line for line in rings)
            assert any(" prefer:0 " in line for line in maps)
            assert os.sched_getaffinity(pid) <= cpus

        assert service.actor("fizzbuzz")["placement"]["cpus"]
        in_each_generation(service, "fizzbuzz", check)
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


def check_fails_alone(service, name, *reasons):
    """The actor has failed for these reasons, everybody is told, and the others of the trio run."""
    actor = service.wait_state(name, "failed")
    for reason in reasons:
        assert reason in actor["reason"]
        assert service.wait_log("An actor cannot run: this machine does not allow its placement", f"actor={name}", reason)
    assert actor["reason"] in service.ctl("status").stdout
    for other in set(TRIO) - {name}:
        service.wait_state(other, "running")
    assert not service.status()["ready"]
    assert any(reasons[0] in line for line in service.status()["not_ready"])
    assert service.stop() == 0


def check_says(directories, *reasons, wrap=lambda *command: [*map(str, command)]):
    """`steadyd check` refuses the same with the same words."""
    checked = steady.run(*wrap(steady.BIN / "steadyd", "check", directories.root / "steadyd.yaml"))
    assert checked.returncode == 1
    for reason in reasons:
        assert reason in checked.stderr


def test_cpus_that_are_not_there_are_refused_and_the_rest_runs():
    reason = "CPU 4095 is not there or not online; this machine has "
    with steady.Directories() as directories, steady.Service(directories, placed(", cpus: [0, 4095]")) as service:
        check_says(directories, f"steadyd.yaml:4:3: actors.fizzbuzz.cpus: {reason}")
        check_fails_alone(service, "fizzbuzz", f"cpus: {reason}")


def test_a_ring_that_is_smaller_than_a_huge_page_stops_both_ends_of_its_channel():
    with steady.Directories() as directories, \
            steady.Service(directories, placed(channel=", capacity: 1Ki, huge_pages: true")) as service:
        check_says(directories, "channels[0].huge_pages: ")
        for name in ("generator", "fizzbuzz"):
            assert "channel generator.numbers: huge_pages: " in service.wait_state(name, "failed")["reason"]
        service.wait_state("auditor", "running")
        assert service.stop() == 0


@needs_tools
def test_what_needs_rights_is_refused_without_them_and_says_what_would_help(tmp_path):
    reasons = ["nice: -5 needs a RLIMIT_NICE of 25, which is 0: LimitNICE=-5 in the unit, or CAP_SYS_NICE",
               "sched: fifo 10 needs a RLIMIT_RTPRIO of 10, which is 0: LimitRTPRIO=10 in the unit, or CAP_SYS_NICE",
               "lock_memory: needs a RLIMIT_MEMLOCK without limit, which is 64Ki bytes: LimitMEMLOCK=infinity in the unit"]
    keys = ", nice: -5, sched: {policy: fifo, priority: 10}, lock_memory: true"
    with steady.Directories() as directories, \
            steady.Service(directories, placed(keys), binaries=stand_in(tmp_path)) as service:
        check_says(directories, *reasons, wrap=without_rights)
        check_fails_alone(service, "fizzbuzz", *reasons)


@needs_tools
@pytest.mark.skipif(no_locks, reason="nothing is locked under a sanitizer")
def test_a_limit_is_enough_and_what_the_kernel_refuses_later_is_the_failure_of_that_generation(tmp_path):
    yaml = placed(channel=", capacity: 1Ki, lock_memory: true")
    with steady.Directories() as directories, \
            steady.Service(directories, yaml, binaries=stand_in(tmp_path)) as service:
        service.wait_ready()
        assert locked(service.actor("fizzbuzz")["pid"], "channel-generator.numbers.ring") == 2 * 8 + 4
        resource.prlimit(service.process.pid, resource.RLIMIT_MEMLOCK, (4096, 65536))
        assert service.kill_actor("fizzbuzz")
        service.wait_log("channel generator.numbers: ring: lock_memory: mlock: Cannot allocate memory")
        resource.prlimit(service.process.pid, resource.RLIMIT_MEMLOCK, (65536, 65536))
        service.wait_generation("fizzbuzz", 2)
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


@needs_tools
def test_channels_that_would_lock_more_than_the_limit_are_refused():
    yaml = placed(channel=", capacity: 128Ki, lock_memory: true")
    with steady.Directories() as directories:
        directories.write("steadyd.yaml", yaml)
        check_says(directories, "actors.generator: its channels with lock_memory have 2056Ki bytes, and RLIMIT_MEMLOCK is 64Ki",
                   wrap=without_rights)
