"""What `cmake --install` lays out runs from there, and a plugin outside of the tree builds against it."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import steady
from graphs import assert_flows, trio

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command, **options):
    """A command that must succeed; building takes longer than a test's usual patience."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=500, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(name="prefix", scope="module")
def install(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("install")
    run("cmake", "--install", steady.BUILD, "--prefix", prefix)
    return prefix


def start_installed(prefix, directories, yaml):
    """steadyd of the installation, without the help of STEADY_PLUGIN_PATH."""
    return steady.Service(directories, yaml, binaries=prefix / "bin", environment={"STEADY_PLUGIN_PATH": ""})


def test_everything_has_its_place(prefix):
    for path in ("bin/steadyd", "bin/steadyd-worker", "bin/steadyd-symbols", "bin/steadyctl",
                 "include/steady/actor.hpp", "include/steady/abi.h", "include/steady/testing.hpp"):
        assert (prefix / path).is_file(), path
    for plugin in ("console", "demo", "file", "logs", "null", "proc", "ticker"):
        assert (prefix / f"lib/steadyd/plugins/{plugin}.so").is_file(), plugin
    assert not (prefix / "lib/steadyd/plugins/good.so").exists()
    assert len(list(prefix.glob("lib*/**/cmake/steady/steadyConfig.cmake"))) == 1
    assert len(list(prefix.glob("lib/systemd/**/steadyd.service"))) == 1
    for path in ("prometheus/scrape.yaml", "prometheus/recording.rules.yaml", "prometheus/alert.rules.yaml",
                 "grafana/steadyd.json"):
        assert (prefix / "share/steadyd" / path).is_file(), path


def test_the_installed_steadyd_runs_the_trio(prefix):
    with steady.Directories() as directories, start_installed(prefix, directories, trio()) as service:
        service.wait_ready()
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


@pytest.mark.skipif(steady.SANITIZED, reason="a plugin without the sanitizer's runtime")
def test_a_plugin_outside_the_tree_builds_tests_and_runs(prefix, tmp_path):
    shutil.copytree(ROOT / "sdk/examples/average", tmp_path / "average")
    build = tmp_path / "build"
    run("cmake", "-S", tmp_path / "average", "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Release")
    run("cmake", "--build", build)
    run("ctest", "--test-dir", build, "--no-tests=error")
    with steady.Directories() as directories:
        numbers = directories.write("numbers.txt", "1\n2\n3\n")
        yaml = f"""steadyd: 1
plugin_path: [{build}]
actors:
  numbers: {{plugin: file, type: tail, params: {{path: "{numbers}", follow: false}}}}
  average: {{plugin: average, params: {{window: 2}}}}
  print:   {{plugin: file, type: append, params: {{path: "{directories.root}/means"}}}}
channels: [numbers.lines -> average.lines, average.means -> print.lines]
"""
        with start_installed(prefix, directories, yaml) as service:
            service.wait_finished()
            assert service.stop() == 0
        assert (directories.root / "means").read_text().splitlines()[-1] == '{"count":3,"value":2.5}'


def test_a_plugin_dropped_into_the_plugin_directory_is_found_by_its_name(prefix):
    dropped = prefix / "lib/steadyd/plugins/dropped.so"
    shutil.copy(steady.FIXTURE_PLUGINS / "good.so", dropped)
    try:
        yaml = "steadyd: 1\nactors: {dropped: {plugin: dropped}}\n"
        with steady.Directories() as directories, start_installed(prefix, directories, yaml) as service:
            service.wait_ready()
            assert service.stop() == 0
    finally:
        dropped.unlink()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_is_content_with_the_unit(prefix, tmp_path):
    unit = next(prefix.glob("lib/systemd/**/steadyd.service"))
    text = unit.read_text()
    assert re.search("^Type=notify", text, re.MULTILINE)
    # The program that the unit names lies in the final prefix; here in the one of the test.
    copy = tmp_path / "steadyd.service"
    copy.write_text(re.sub(r"(?m)^(Exec\w+=[-+!@:]*)\S*/(steadyd|steadyctl)\b", rf"\g<1>{prefix}/bin/\2", text))
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True,
                              env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"})
    about_us = [line for line in verified.stderr.splitlines() if "steadyd" in line]
    assert verified.returncode == 0 and not about_us, verified.stderr
