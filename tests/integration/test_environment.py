"""A machine that does not play along: a clear error, exit code 1, and nothing left behind."""
import contextlib
import os
import pathlib
import socket
import subprocess

import pytest

import steady
from graphs import assert_flows, trio


def run_steadyd(directories, *arguments, runtime=None, state=None, listen="127.0.0.1:0"):
    """A start that is expected to fail."""
    config = directories.write("other.yaml", trio())
    return steady.run(steady.BIN / "steadyd", "--config", config, "--runtime-dir", runtime or directories.runtime,
                      "--state-dir", state or directories.state, "--listen", listen, *arguments)


def check_refused(directories, answer, *texts):
    assert answer.returncode == 1, answer
    for text in texts:
        assert text in answer.stderr
    assert not any(word in answer.stderr for word in (*steady.SANITIZER_WORDS, "terminate called"))
    assert steady.processes_with(str(directories.root)) == []
    assert directories.segments() == []


@contextlib.contextmanager
def mounted(path, options):
    """A file system of its own; skips the test where mounting is not permitted."""
    path.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], capture_output=True).returncode != 0:
        pytest.skip("may not mount")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def test_a_port_in_use_is_named():
    with steady.Directories() as directories, socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        check_refused(directories, run_steadyd(directories, listen=address), address, "in use")


def test_a_second_steadyd_on_the_same_directories_is_refused_and_the_first_runs_on():
    with steady.Directories() as directories, steady.Service(directories, trio()) as service:
        service.wait_ready()
        for other in ({}, {"state": directories.root / "elsewhere"}, {"runtime": directories.root / "elsewhere2"}):
            answer = run_steadyd(directories, **other)
            assert answer.returncode == 1
            assert f"another steadyd (process {service.process.pid})" in answer.stderr
        assert service.socket.exists()
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


def test_a_control_socket_that_another_steadyd_serves_is_refused():
    with steady.Directories() as directories, steady.Service(directories, trio()) as service:
        service.wait_ready()
        with steady.Directories() as others:
            answer = run_steadyd(others, "--socket", service.socket)
            check_refused(others, answer, str(service.socket))
        assert_flows(service)
        assert service.stop() == 0


@pytest.mark.parametrize("which", ["runtime", "state"])
def test_a_directory_below_a_file_is_refused(which):
    with steady.Directories() as directories:
        check_refused(directories, run_steadyd(directories, **{which: "/dev/null/x"}), "/dev/null")


@pytest.mark.parametrize("which", ["runtime", "state"])
def test_a_read_only_directory_is_refused(which):
    with steady.Directories() as directories, mounted(directories.root / "fixed", "ro,size=1m") as fixed:
        check_refused(directories, run_steadyd(directories, **{which: fixed}), str(fixed), "Read-only file system")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_directory_is_refused():
    with steady.Directories() as directories:
        directories.runtime.mkdir(mode=0o500)
        check_refused(directories, run_steadyd(directories), str(directories.runtime), "Permission denied")


def test_a_full_disk_under_the_runtime_directory_is_refused_with_the_name_of_the_channel():
    with steady.Directories() as directories, mounted(directories.root / "small", "size=1m") as small:
        answer = run_steadyd(directories, runtime=small)
        check_refused(directories, answer, "No space left on device", "channel ")


def test_a_disk_that_becomes_full_loses_no_line():
    """`append` waits for room and then goes on exactly where it was."""
    yaml = """steadyd: 1
actors:
  ticker: {{plugin: ticker, params: {{interval: 1ms, limit: 3000}}}}
  report: {{plugin: file, type: append, life: memory, poison: keep, params: {{path: "{path}/report"}}}}
channels: [ticker.ticks -> report.lines]
supervision: {{intensity: 10000, backoff: {{first: 0ms, min: 5ms, max: 10ms}}}}
"""
    with steady.Directories() as directories, mounted(directories.root / "small", "size=64k") as small:
        with steady.Service(directories, yaml.format(path=small)) as service:
            service.wait_log("report", "No space left on device")
            subprocess.run(["mount", "-o", "remount,size=4m", small], check=True)
            service.wait_finished()
            assert service.stop() == 0
            lines = (small / "report").read_text().splitlines()
            assert [line.split(",")[0] for line in lines] == [f'{{"number":{number}' for number in range(3000)]


def test_a_socket_path_that_is_too_long_is_refused():
    with steady.Directories() as directories:
        long = directories.root / ("x" * 60) / ("y" * 60)
        check_refused(directories, run_steadyd(directories, runtime=long), str(long), "must have 1 to 107 bytes")
        assert not list(long.glob("segments/*"))


def test_segments_that_were_damaged_while_nobody_ran_are_set_aside():
    with steady.Directories() as directories, steady.Service(directories, trio()) as service:
        service.wait_ready()
        service.kill_steadyd()
        steady.wait_until(lambda: not steady.processes_with(str(directories.root)), "all have ended")
        damaged = sorted(pathlib.Path(directories.root / name) for name in directories.segments())
        for number, path in enumerate(damaged):
            path.write_bytes([b"", b"garbage", bytes(1 << 16), os.urandom(8192)][number % 4])
        service.start()
        service.wait_ready()
        service.wait_metric("auditor", "checked", 1)
        assert service.status()["segments_quarantined"] > 0
        assert "was moved to the quarantine" in service.log()
        assert service.stop() == 0
