"""Configurations that are missing, damaged or hostile: a message, exit code 1, and never a crash."""
import os
import pathlib

import pytest

import steady

INVALID = pathlib.Path(__file__).resolve().parents[1] / "fixtures/config/invalid"

DAMAGED = {
    "missing": None,
    "empty": b"",
    "blanks": b" \n\n  \n",
    "comment only": b"# nothing\n",
    "huge": b"steadyd: 1\n" + b"# padding\n" * (5 * 1024 * 1024 // 10),
    "huge value": b"steadyd: 1\nname: " + b"x" * (5 * 1024 * 1024),
    "binary": bytes(range(256)) * 100,
    "zeros": bytes(4096),
    "an ELF file": pathlib.Path("/bin/true").read_bytes(),
    "deep lists": b"[" * 100_000,
    "deep lists, closed": b"actors: " + b"[" * 10_000 + b"]" * 10_000,
    "deep maps": b"{a: " * 50_000,
    "deep indentation": b"".join(b" " * level + b"a:\n" for level in range(2000)),
    "deep sequence": b"- " * 50_000,
    "billion laughs": b"a: &a [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
        b"%c: &%c [%s]\n" % (letter, letter, b",".join([b"*%c" % (letter - 1)] * 10)) for letter in range(98, 113)),
    "alias of itself": b"steadyd: 1\nactors: &a {x: *a}\n",
    "unknown alias": b"steadyd: 1\nactors: *nobody\n",
    "unclosed quote": b'steadyd: 1\nname: "abc\n',
    "tabs": b"steadyd: 1\nactors:\n\tx: 1\n",
    "half a character": b"steadyd: 1\nname: \xc3\n",
    "UTF-16": "steadyd: 1\n".encode("utf-16"),
    "many documents": b"---\nsteadyd: 1\n" * 1000,
    "tags": b"steadyd: 1\nactors: !!python/object/apply:os.system ['true']\n",
    "many errors": b"steadyd: 1\n" + b"".join(b"wrong%d: 1\n" % number for number in range(20_000)),
}


def run_both_ways(path, directories):
    """`steadyd check FILE` and `steadyd --config FILE`."""
    yield steady.run(steady.BIN / "steadyd", "check", path)
    yield steady.run(steady.BIN / "steadyd", "--config", path, "--runtime-dir", directories.runtime,
                     "--state-dir", directories.state, "--listen", "off")


def check_refused(answer, *texts):
    assert answer.returncode == 1, answer
    assert answer.stderr.strip()
    assert not any(word in answer.stderr for word in (*steady.SANITIZER_WORDS, "terminate called", "what():"))
    for text in texts:
        assert text in answer.stderr


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_refused_with_a_message(damage):
    with steady.Directories() as directories:
        path = directories.root / "steadyd.yaml"
        if DAMAGED[damage] is not None:
            path.write_bytes(DAMAGED[damage])
        for answer in run_both_ways(path, directories):
            check_refused(answer, str(path))
        assert not directories.runtime.exists()


def test_a_directory_in_place_of_a_file_is_refused():
    with steady.Directories() as directories:
        for answer in run_both_ways(directories.root, directories):
            check_refused(answer, str(directories.root))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused():
    with steady.Directories() as directories:
        path = directories.write("steadyd.yaml", "steadyd: 1\n")
        path.chmod(0)
        for answer in run_both_ways(path, directories):
            check_refused(answer, str(path), "Permission denied")


@pytest.mark.parametrize("path", sorted(INVALID.glob("*.yaml")), ids=lambda path: path.stem)
def test_each_broken_fixture_is_refused_with_its_expected_text(path):
    answer = steady.run(steady.BIN / "steadyd", "check", path.name, cwd=INVALID)
    check_refused(answer)
    assert answer.stderr == path.with_suffix(".expected").read_text()


@pytest.mark.parametrize("arguments", [["--nonsense"], ["check"], ["check", "a", "b"], ["nonsense"], ["--config"],
                                       ["--log-level", "loud"]])
def test_wrong_usage_is_exit_code_2(arguments):
    answer = steady.run(steady.BIN / "steadyd", *arguments)
    assert answer.returncode == 2
    assert answer.stderr


def test_help_and_version_are_exit_code_0():
    assert "--config" in steady.run(steady.BIN / "steadyd", "--help").stdout
    assert steady.run(steady.BIN / "steadyd", "--version").stdout.startswith("steadyd ")


def test_a_good_file_is_said_to_be_good():
    with steady.Directories() as directories:
        path = directories.write("steadyd.yaml", "steadyd: 1\nactors: {a: {plugin: good}}\n")
        answer = steady.run(steady.BIN / "steadyd", "check", path,
                            env={**os.environ, "STEADY_PLUGIN_PATH": str(steady.FIXTURE_PLUGINS)})
        assert answer.returncode == 0, answer.stderr
        assert "good: 1 actor, 0 channels" in answer.stdout


WRONG_GRAPHS = {
    "types differ": ("""
  a: {plugin: demo, type: generator}
  b: {plugin: demo, type: auditor}
channels: [a.numbers -> b.verdicts]""", ["steadyd.yaml:5:12", "Number", "Verdict"]),
    "messages into frames": ("""
  a: {plugin: demo, type: generator}
  b: {plugin: logs, type: parse}
  c: {plugin: "null"}
channels: [a.numbers -> b.lines, b.records -> c.items]""", ["steadyd.yaml:6:12", "Number"]),
    "no such port": ("""
  a: {plugin: demo, type: generator}
  b: {plugin: demo, type: auditor}
channels: [a.nmbers -> b.verdicts]""", ["nmbers", "numbers"]),
    "no such type": ("""
  a: {plugin: demo, type: generater}""", ["generater", "generator"]),
    "no such parameter": ("""
  a: {plugin: demo, type: generator, params: {limt: 3}}
  b: {plugin: "null"}
channels: [a.numbers -> b.items]""", ["limt", "limit"]),
    "parameter of another type": ("""
  a: {plugin: demo, type: generator, params: {limit: many}}
  b: {plugin: "null"}
channels: [a.numbers -> b.items]""", ["limit", "many"]),
    "a required parameter is missing": ("""
  a: {plugin: file, type: tail}
  b: {plugin: "null"}
channels: [a.lines -> b.items]""", ["path"]),
    "a port is not connected": ("""
  a: {plugin: demo, type: fizzbuzz}""", ["numbers"]),
    "a capacity of nothing": ("""
  a: {plugin: demo, type: generator}
  b: {plugin: "null"}
channels: [{from: a.numbers, to: b.items, capacity: 0}]""", ["capacity"]),
    "a capacity beyond all memory": ("""
  a: {plugin: demo, type: generator}
  b: {plugin: "null"}
channels: [{from: a.numbers, to: b.items, capacity: 8Ti}]""", ["capacity"]),
}


@pytest.mark.parametrize("wrong", WRONG_GRAPHS)
def test_what_contradicts_the_plugins_is_reported_before_anything_starts(wrong):
    text, expected = WRONG_GRAPHS[wrong]
    with steady.Directories() as directories:
        path = directories.write("steadyd.yaml", f"steadyd: 1\nactors:{text}\n")
        for answer in run_both_ways(path, directories):
            check_refused(answer, *expected)
            assert "Worker" not in answer.stderr
        assert directories.segments() == []
