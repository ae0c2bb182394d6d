"""Plugins that are broken in every way we could think of: each is refused or contained, the reason stands in `status` and
in the log, the rest runs, and a clean stop works afterwards. The plugins are tests/fixtures/plugins."""
import shutil

import pytest

import steady
from graphs import TRIO, assert_flows

CRASHED = "ABORTING" if steady.SANITIZED else "Segmentation fault"
DIED = "Segmentation fault"

# name: what the reason must say
REFUSED = {
    "no_entry_point": ["has no entry point for steadyd", "STEADY_PLUGIN"],
    "stamp_only": ["undefined symbol: steady_plugin"],
    "other_abi": ["is built for plugin ABI version 4711, this steadyd has version 1"],
    "lying_abi": ["ABI version 4711", "version 1"],
    "no_types": ["offers no actor type"],
    "missing_library": ["libgone.so: cannot open shared object file"],
    "undefined_symbol": ["undefined symbol: nobody_has_this"],
    "constructor_throws": ["a constructor threw: the constructor is unwell"],
    "constructor_crashes": ["constructor_crashes.so", CRASHED],
    "constructor_hangs": ["did not say what it offers within 5s"],
    "static_crashes": ["static_crashes.so", CRASHED],
    "not_there": ["there is no not_there.so in "],
}
CONTAINED = {
    "start_throws": ["no start today"],
    "start_crashes": [DIED],
    "start_hangs": ["it was not ready within 1s"],
    "step_throws": ["exception: out of step"],
    "step_throws_a_number": ["exception of a type that is no std::exception"],
    "step_crashes": [DIED],
    "step_aborts": ["Aborted"],
    "step_exits": ["exit code 3"],
    # A sanitizer looks for leaks at exit, and then it is no longer a clean one.
    "step_exits_cleanly": ["exit code"] if steady.SANITIZED else ["it ended by itself", "exit code 0"],
    "takes_too_much": ["took more than there was"],
}


def beside_the_trio(plugin, plugin_path=""):
    """The trio with one more actor, `bad`, last in the start order."""
    channels = "\n  - more.numbers -> bad.numbers" if plugin == "takes_too_much" else ""
    more = "\n  more:      {plugin: demo, type: generator}" if channels else ""
    return f"""steadyd: 1
{plugin_path}
actors:
  generator: {{plugin: demo, type: generator}}
  fizzbuzz:  {{plugin: demo, type: fizzbuzz}}
  auditor:   {{plugin: demo, type: auditor}}{more}
  bad:       {{plugin: {plugin}, start_timeout: 1s}}
channels:
  - generator.numbers -> fizzbuzz.numbers
  - fizzbuzz.verdicts -> auditor.verdicts{channels}
supervision: {{intensity: 2, backoff: {{first: 0ms, min: 1ms, max: 10ms}}}}
"""


def check_bad_is_alone(service, reasons):
    """`bad` has failed for these reasons, everything else runs, and everybody is told."""
    for name in TRIO:
        service.wait_state(name, "running")
    bad = service.wait_state("bad", "failed")
    for reason in reasons:
        assert reason in bad["reason"]
    assert bad["reason"] in service.ctl("status").stdout
    steady.wait_until(lambda: all(any(reason in line for line in service.log().splitlines() if "bad" in line)
                                  for reason in reasons), "the log gives the reasons")
    status = service.status()
    assert not status["ready"]
    assert any("bad" in why for why in status["not_ready"])
    assert_flows(service)


def check_contained(yaml, reasons):
    with steady.Directories() as directories, steady.Service(directories, yaml, crashes=True) as service:
        check_bad_is_alone(service, reasons)
        assert "code of other_abi has run" not in service.log()
        if "more.numbers" not in yaml:
            return service.stop_and_check_nothing_is_left()
        # What nobody has read waits for the next start, and the log says so.
        assert service.stop() == 0
        assert "bad had failed" in service.log()


@pytest.mark.parametrize("plugin", REFUSED)
def test_a_plugin_that_cannot_be_used_is_refused(plugin):
    check_contained(beside_the_trio(plugin), REFUSED[plugin])


@pytest.mark.parametrize("plugin", CONTAINED)
def test_a_plugin_that_fails_at_work_is_contained(plugin):
    check_contained(beside_the_trio(plugin), CONTAINED[plugin])


# ---- files that are no plugins --------------------------------------------------------------------------------------

def truncated(path):
    whole = (steady.FIXTURE_PLUGINS / "good.so").read_bytes()
    path.write_bytes(whole[:len(whole) * 3 // 10])


def without_sections(path):
    """The header says that the table of sections lies far behind the end: bytes 40 to 47."""
    whole = bytearray((steady.FIXTURE_PLUGINS / "good.so").read_bytes())
    whole[40:48] = bytes([0xf0] * 7 + [0x7f])
    path.write_bytes(whole)


DAMAGES = {
    "truncated": (truncated, ["is truncated"]),
    "header only": (lambda path: path.write_bytes((steady.FIXTURE_PLUGINS / "good.so").read_bytes()[:64]), ["bad_file.so"]),
    "no sections": (without_sections, ["has no entry point for steadyd"]),
    "empty": (lambda path: path.write_bytes(b""), ["is empty"]),
    "text": (lambda path: path.write_text("INPUT(libc.so.6)\n"), ["is no ELF file"]),
    "zeros": (lambda path: path.write_bytes(bytes(100_000)), ["is no ELF file"]),
    "an executable": (lambda path: shutil.copy("/bin/true", path), ["bad_file.so"]),
    "a directory": (lambda path: path.mkdir(), ["no regular file"]),
    "a dangling link": (lambda path: path.symlink_to("/nowhere"), ["bad_file.so"]),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_no_plugin_is_refused(damage):
    make, reasons = DAMAGES[damage]
    with steady.Directories() as directories:
        plugins = directories.root / "plugins"
        plugins.mkdir()
        make(plugins / "bad_file.so")
        yaml = beside_the_trio("bad_file", f"plugin_path: [{plugins}]")
        with steady.Service(directories, yaml, crashes=True) as service:
            check_bad_is_alone(service, reasons)
            service.stop_and_check_nothing_is_left()


# ---- plugin files that change ---------------------------------------------------------------------------------------

@pytest.fixture(name="place")
def plugin_place():
    """Directories with a plugin directory, and a graph whose actor `bad` uses the plugin `changing` there."""
    with steady.Directories() as directories:
        directories.plugins = directories.root / "plugins"
        directories.plugins.mkdir()
        directories.changing = directories.plugins / "changing.so"
        directories.yaml = beside_the_trio("changing", "plugin_path: [plugins]")
        yield directories


def put(name, path):
    """Replaces the file as a careful installer does: never half a file under the name."""
    shutil.copy(steady.FIXTURE_PLUGINS / f"{name}.so", path.with_suffix(".new"))
    path.with_suffix(".new").rename(path)


@pytest.mark.parametrize("broken", ["other_abi", "undefined_symbol", "step_throws"])
def test_a_broken_plugin_that_is_replaced_runs_after_steadyctl_start(place, broken):
    put(broken, place.changing)
    with steady.Service(place, place.yaml) as service:
        check_bad_is_alone(service, [])
        put("good", place.changing)
        assert service.ctl("start", "bad").returncode == 0
        service.wait_state("bad", "running")
        service.wait_metric("bad", "steps", 3)
        service.wait_ready()
        assert_flows(service)
        service.stop_and_check_nothing_is_left()


def test_a_plugin_that_is_still_broken_stays_refused_after_steadyctl_start(place):
    put("other_abi", place.changing)
    with steady.Service(place, place.yaml) as service:
        check_bad_is_alone(service, ["4711"])
        put("undefined_symbol", place.changing)
        service.ctl("start", "bad")
        steady.wait_until(lambda: "nobody_has_this" in service.actor("bad")["reason"], "the new reason is shown")
        assert service.actor("bad")["state"] == "failed"
        assert_flows(service)
        assert service.stop() == 0


def test_a_plugin_that_appears_later_is_found_by_its_name(place):
    with steady.Service(place, place.yaml) as service:
        check_bad_is_alone(service, ["there is no changing.so in "])
        put("good", place.changing)
        assert service.ctl("start", "bad").returncode == 0
        service.wait_state("bad", "running")
        service.wait_ready()
        assert service.stop() == 0


def test_a_plugin_file_overwritten_in_place_does_not_harm_its_workers(place):
    put("good", place.changing)
    with steady.Service(place, place.yaml) as service:
        service.wait_ready()
        for other in ("step_crashes", "other_abi"):
            with open(place.changing, "wb") as file:
                file.write((steady.FIXTURE_PLUGINS / f"{other}.so").read_bytes())
            steps = service.metric("bad", "steps")
            service.wait_metric("bad", "steps", steps + 3)
        place.changing.write_bytes(b"")
        steps = service.metric("bad", "steps")
        service.wait_metric("bad", "steps", steps + 3)
        # A crash restarts what ran: the file is looked at again only when an operator says so.
        service.kill_actor("bad")
        service.wait_generation("bad", 1)
        assert service.actor("bad")["state"] == "running"
        assert service.stop() == 0


def test_a_plugin_given_with_its_lib_prefix_is_found_too(place):
    shutil.copy(steady.FIXTURE_PLUGINS / "good.so", place.plugins / "libchanging.so")
    with steady.Service(place, place.yaml) as service:
        service.wait_ready()
        assert service.stop() == 0
