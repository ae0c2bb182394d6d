"""The real job: lines of a log file -> parse -> count -> report, with workers and steadyd killed on the way. The report is,
byte for byte, that of an undisturbed run, and that one is what a count in Python gives.

STEADY_TEST_LOGS names a folder of *.log files to use (syslog and Apache error logs); without it the test writes its own."""
import collections
import datetime
import json
import os
import pathlib
import random
import re
import signal
import time

import pytest

import steady
from graphs import Killer, PATIENT

LEVELS = ("emerg", "alert", "crit", "error", "warn", "notice", "info", "debug")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
GIVEN = os.environ.get("STEADY_TEST_LOGS")


# ---- logs of our own ------------------------------------------------------------------------------------------------

def own_syslog(rng, count):
    words = ("Accepted password for root", "Failed password for invalid user", "error: connect refused", "warning: slow",
             "session opened", "FATAL: no more memory", "Connection closed [preauth]", "", "tag: without pid")
    moment = datetime.datetime(2025, 12, 31, 23, 50)
    for _ in range(count):
        moment += datetime.timedelta(seconds=rng.choice([0, 0, 1, 7, 61]))
        day = f"{moment.day:2}"
        yield f"{MONTHS[moment.month - 1]} {day} {moment:%H:%M:%S} host{rng.randrange(3)} sshd[{rng.randrange(1, 99999)}]: " \
              f"{rng.choice(words)} {rng.randrange(1 << 30)}"


def own_apache(rng, count):
    moment = datetime.datetime(2024, 2, 28, 23, 59)
    for _ in range(count):
        moment += datetime.timedelta(seconds=rng.choice([0, 0, 3, 59, 61]))
        level = rng.choice([*LEVELS, "core:error", "mpm_event:notice", "ssl:warn", "trace3"])
        yield f"[{moment:%a} {MONTHS[moment.month - 1]} {moment:%d %H:%M:%S %Y}] [{level}] text {'x' * rng.randrange(300)}"


def with_garbage(rng, lines):
    """Between the lines what logs really hold: nothing, binary, half a line, other formats."""
    garbage = ("", " ", "-- MARK --", "[]", "[Sun Dec", "Feb 30", "Xyz 10 06:55:46 host a[1]: b", "\x00\x01\xff" * 5,
               "Dec 10 25:00:00 host a[1]: b", "[Sun Dec 04 04:47:44 2005] [nolevel] text", "{\"json\": 1}", "ü" * 100)
    for line in lines:
        if rng.random() < 0.1:
            yield rng.choice(garbage)
        yield line


def logs(folder):
    """The files to run through the pipeline: name -> path."""
    if GIVEN:
        return sorted(pathlib.Path(GIVEN).glob("*.log"))
    rng = random.Random(2)
    for name, lines in (("syslog", own_syslog), ("apache", own_apache)):
        text = "\n".join(with_garbage(rng, lines(rng, 2000))) + "\n"
        (folder / f"{name}.log").write_bytes(text.encode("latin-1"))
    return sorted(folder.glob("*.log"))


# ---- the independent count ------------------------------------------------------------------------------------------

CLOCK = rb"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d):(?P<second>[0-5]\d|60)(?:\.\d{1,9})?"
MONTH = b"(?P<month>" + "|".join(MONTHS).encode() + b")"
SYSLOG = re.compile(MONTH + rb" (?P<day> [1-9]|0[1-9]|[12]\d|3[01]) " + CLOCK + rb" (?P<host>[^ ]+) ?"
                    rb"(?:(?P<program>[^ \[:]+)(?:\[\d{1,9}\])?: ?)?(?P<text>.*)", re.DOTALL)
APACHE = re.compile(rb"\[[^ ]+ " + MONTH + rb" (?P<day>0[1-9]|[12]\d|3[01]) " + CLOCK + rb" (?P<year>\d{4})\] "
                    rb"\[(?:[^\]:]*:)?(?P<level>[^\]:]+)\]", re.DOTALL)


def minute_and_level(line):
    """What of a line is counted; None when it cannot be read."""
    apache = line.startswith(b"[")
    match = (APACHE if apache else SYSLOG).match(line)
    if not match:
        return None
    month = MONTHS.index(match["month"].decode()) + 1
    clock = f"{int(match['day']):02} {match['hour'].decode()}:{match['minute'].decode()}"
    if apache:
        level = match["level"].decode(errors="replace")
        level = "debug" if level.startswith("trace") else level
        return (f"{match['year'].decode()}-{month:02}-{clock}", level) if level in LEVELS else None
    text = match["text"].lower()
    level = "error" if any(word in text for word in (b"error", b"fatal", b"fail")) else "warn" if b"warn" in text else "info"
    return f"{month:02}-{clock}", level


def lines_of(content):
    """As `tail` sees them: ended by LF or CR LF, the last one also by the end of the file."""
    lines = content.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return [line.removesuffix(b"\r") for line in lines]


def expected_of(content):
    """The bytes of the report and of the rejects."""
    report, rejects = [], []
    minute, counts = None, collections.Counter()

    def sum_up():
        for level in LEVELS:
            if counts[level]:
                summary = {"minute": minute, "level": level, "count": counts[level]}
                report.append(json.dumps(summary, separators=(",", ":")) + "\n")
        counts.clear()

    for line in lines_of(content):
        found = minute_and_level(line)
        if found is None:
            rejects.append(line + b"\n")
            continue
        if found[0] != minute:
            sum_up()
            minute = found[0]
        counts[found[1]] += 1
    sum_up()
    return "".join(report).encode(), b"".join(rejects)


# ---- the pipeline ---------------------------------------------------------------------------------------------------

def pipeline(log, out, follow=False, slow=False):
    """`slow`: small channels and small steps, so that a file of thousands of lines takes long enough to be disturbed."""
    steps = ", wait: block, inputs: {%s: {max: 1}}" if slow else "%.0s"
    return f"""steadyd: 1
name: logs
actors:
  tail:    {{plugin: file, type: tail, params: {{path: "{log}", follow: {str(follow).lower()}, poll: 10ms, rotate_wait: 50ms}}}}
  parse:   {{plugin: logs, type: parse{steps % "lines"}}}
  count:   {{plugin: logs, type: count{steps % "records"}}}
  report:  {{plugin: file, type: append, params: {{path: "{out}/report"}}}}
  rejects: {{plugin: file, type: append, params: {{path: "{out}/rejects"}}}}
channels:
  - {{from: tail.lines, to: parse.lines, capacity: {"4Ki" if slow else "1Mi"}}}
  - {{from: parse.records, to: count.records, capacity: {2 if slow else 1024}}}
  - {{from: count.summaries, to: report.lines, capacity: {8 if slow else 1024}}}
  - parse.rejects -> rejects.lines
{PATIENT}"""


def results(directories):
    """What the pipeline has written: the report and the rejects."""
    return tuple((directories.root / name).read_bytes() for name in ("report", "rejects"))


def disturb(service, rng, interfere, pause=0.02, most=None):
    """Interferes at random moments until the streams have ended, at most so often; returns how often."""
    count = 0
    while any(actor["state"] != "finished" for actor in service.status()["actors"]):
        time.sleep(rng.uniform(0, pause))  # the moment of the kill
        if most is None or count < most:
            count += bool(interfere())
    return count


@pytest.fixture(name="log_files", scope="module")
def find_log_files(tmp_path_factory):
    found = logs(tmp_path_factory.mktemp("logs"))
    assert found, GIVEN
    return found


def for_each(log_files):
    """Every file, with what is expected of it."""
    for path in log_files:
        print(path)
        yield path, expected_of(path.read_bytes())


def test_an_undisturbed_run_counts_what_python_counts(log_files):
    for path, expected in for_each(log_files):
        with steady.Directories() as directories:
            with steady.Service(directories, pipeline(path, directories.root)) as service:
                service.wait_finished()
                assert results(directories) == expected
                assert service.metric("parse", "rejected") == len(lines_of(expected[1]))
                service.stop_and_check_nothing_is_left()


@pytest.mark.parametrize("run", range(2 if steady.SANITIZED else 4))
def test_kills_of_random_workers_do_not_change_a_byte(log_files, run):
    rng = random.Random(steady.seed())
    for path, expected in for_each(log_files):
        with steady.Directories() as directories:
            with steady.Service(directories, pipeline(path, directories.root, slow=True)) as service:
                killer = Killer(service, rng)
                count = disturb(service, rng, killer.strike, pause=0.006, most=40)
                print(f"{count} kills, run {run}")
                assert results(directories) == expected
                service.stop_and_check_nothing_is_left()
                assert count > 0


@pytest.mark.parametrize("victim", ["tail", "parse", "count", "report", "rejects"])
def test_kills_of_one_worker_again_and_again_do_not_change_a_byte(log_files, victim):
    rng = random.Random(steady.seed())
    for path, expected in for_each(log_files[:1]):
        with steady.Directories() as directories:
            with steady.Service(directories, pipeline(path, directories.root, slow=True)) as service:
                killer = Killer(service, rng)
                disturb(service, rng, lambda: killer.strike([victim]), most=40)
                assert results(directories) == expected
                assert killer.count > 0


@pytest.mark.parametrize("point", range(1, 10))
@pytest.mark.parametrize("victim", ["tail", "parse", "count", "report", "rejects"])
def test_a_kill_at_each_point_of_a_commit_does_not_change_a_byte(log_files, victim, point):
    """What a step did outside, to a file, is no part of its commit: here the step has done it and may have to repeat it."""
    path = log_files[0]
    environment = {"STEADY_DEBUG_COMMIT_STOP": f"{victim}:{point}:2"}
    with steady.Directories() as directories:
        with steady.Service(directories, pipeline(path, directories.root, slow=True), environment) as service:
            stopped = steady.wait_until(lambda: stopped_or_finished(service, victim), f"{victim} stops or finishes")
            if stopped != "finished":
                os.kill(stopped, signal.SIGKILL)
            # The report moves an end and its state in each commit, so it passes every point; the others may have no such
            # second commit, as `rejects` when every line can be read.
            assert stopped != "finished" or victim != "report"
            service.wait_finished()
            assert results(directories) == expected_of(path.read_bytes())
            assert service.stop() == 0


def stopped_or_finished(service, name):
    """The process that stands still in its commit, or "finished" when it never comes to that point."""
    actor = service.actor(name)
    if actor["state"] == "finished":
        return "finished"
    return actor["pid"] if actor["pid"] and steady.is_stopped(actor["pid"]) else None


def test_kills_of_steadyd_in_the_middle_do_not_change_a_byte(log_files):
    rng = random.Random(steady.seed())
    for path, expected in for_each(log_files):
        with steady.Directories() as directories:
            with steady.Service(directories, pipeline(path, directories.root, slow=True)) as service:

                def kill_and_start():
                    service.kill_steadyd()
                    service.start()
                    return True

                # Five workers start one after the other; only then lines flow from end to end.
                print(disturb(service, rng, kill_and_start, pause=0.1, most=12), "kills of steadyd")
                assert results(directories) == expected
                service.stop_and_check_nothing_is_left()


def test_a_log_that_grows_and_rotates_is_followed_through_kills():
    rng = random.Random(steady.seed())
    chunks = 40
    lines = [line.encode("latin-1") + b"\n" for line in with_garbage(rng, own_syslog(rng, 2000))]
    expected = expected_of(b"".join(lines))
    with steady.Directories() as directories:
        log = directories.root / "some.log"
        log.touch()
        with steady.Service(directories, pipeline(log, directories.root, follow=True, slow=True)) as service:
            steady.wait_until(lambda: service.actor("tail")["note"].startswith("following"), "the file is open")
            killer = Killer(service, rng)
            rotations = 0
            for chunk in range(chunks):
                with open(log, "ab") as file:
                    for line in lines[chunk * len(lines) // chunks:(chunk + 1) * len(lines) // chunks]:
                        half = rng.randrange(len(line))
                        file.write(line[:half])
                        if rng.random() < 0.01:
                            file.flush()
                        file.write(line[half:])
                steady.wait_until(killer.strike, "a worker is killed")
                if chunk % 10 == 9 and chunk + 1 < chunks:
                    rotations += 1
                    log.rename(directories.root / f"some.log.{rotations}")
                    log.touch()
                    # two rotations while nobody looks are beyond what `tail` promises
                    service.wait_metric("tail", "rotations", rotations)
            sent = len(lines)
            steady.wait_until(lambda: next(channel["messages_sent"] for channel in service.status()["channels"]
                                           if channel["name"] == "tail.lines") == sent, "every line is read")
            service.wait_ready()
            assert service.stop() == 0
            assert results(directories) == expected


def test_a_stop_in_the_middle_of_a_file_loses_nothing_for_the_next_start(log_files):
    """The rest of the file is read by the next start; what was sent before the stop has reached the report."""
    rng = random.Random(steady.seed())
    path = log_files[0]
    report, rejects = expected_of(path.read_bytes())
    with steady.Directories() as directories:
        with steady.Service(directories, pipeline(path, directories.root, slow=True)) as service:
            for _ in range(3):
                time.sleep(rng.uniform(0, 0.05))
                assert service.stop() == 0
                service.start()
            service.wait_finished()
            assert service.stop() == 0
        # A stop ends the streams, so a minute that it falls into is summed up in two parts.
        written, rejected = results(directories)
        assert rejected == rejects
        assert totals(written) == totals(report)


def totals(report):
    """Counts per minute and level, whatever the order and the parts."""
    counts = collections.Counter()
    for line in report.splitlines():
        summary = json.loads(line)
        counts[summary["minute"], summary["level"]] += summary["count"]
    return counts
