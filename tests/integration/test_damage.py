"""Whatever has become of a file while nobody ran: steadyd starts, answers and stops, and blames no actor.

A small service that holds a bit of everything is killed, its directories are kept, and then one file at a time is damaged:
a byte flipped, the end cut off, or something put in its place that is no file. STEADY_DAMAGE says how many places are
tried, `all` every one of them, which takes more than a day; unit tests try every byte on every file beneath the daemon."""
import os
import pathlib
import random
import re
import shutil

import pytest

import steady

COUNT = os.environ.get("STEADY_DAMAGE", "15" if steady.SANITIZED else "60")
POISON = 1717
BLAMED = ("cause=crash", "cause=abort", "cause=out_of_memory", "cause=watchdog", "set aside as a dead letter")


def graph(directories, poison="", intensity=5):
    """Messages, frames, state in memory and on disk, in the smallest channels; a reader that may die of one message."""
    return f"""steadyd: 1
drain_timeout: 0
telemetry: {{frame: 10ms}}
actors:
  numbers: {{plugin: demo, type: generator, shutdown: 2s, params: {{start: 1, limit: 100000, batch: 64}}}}
  victim:  {{plugin: victim, type: victim, max_deliveries: 1, params: {{poison: "{poison}"}}}}
  ledger:  {{plugin: victim, type: ledger}}
  lines:   {{plugin: file, type: tail, params: {{path: "{directories.root}/in"}}}}
  copy:    {{plugin: file, type: append, params: {{path: "{directories.root}/out"}}}}
channels:
  - {{from: numbers.numbers, to: victim.numbers, capacity: 64}}
  - {{from: victim.passed, to: ledger.numbers, capacity: 64}}
  - {{from: lines.lines, to: copy.lines, capacity: 4KiB}}
supervision: {{intensity: {intensity}, backoff: {{first: 0ms, min: 1ms, max: 2ms}}}}
"""


class Remains:
    """What a killed steadyd has left: a copy to start each case from."""

    def __init__(self):
        self.directories = steady.Directories()
        self.kept = pathlib.Path(str(self.directories.root) + "-kept")
        (self.directories.root / "in").write_text("".join(f"line {number}\n" for number in range(2000)))
        service = steady.Service(self.directories, graph(self.directories, POISON, 100), crashes=True)
        with service:
            service.wait_ready()
            steady.wait_until(lambda: [each["state"] for each in service.ask("dlq_list")["letters"]] == ["held"],
                              "a letter is held")
            for reader in ("copy", "ledger"):  # so that messages wait
                service.ctl("stop", reader)
                service.wait_state(reader, "stopped")
            service.kill_steadyd()
        steady.wait_until(lambda: not steady.processes_with(str(self.directories.root)), "every process has ended")
        service.socket.unlink()
        shutil.copytree(self.directories.root, self.kept)

    def restore(self):
        """The files that actors read and write stay the same ones: they know them by their inodes."""
        for folder in ("run", "state"):
            shutil.rmtree(self.directories.root / folder)
            shutil.copytree(self.kept / folder, self.directories.root / folder)
        (self.directories.root / "out").write_bytes((self.kept / "out").read_bytes())
        (self.directories.root / "log").unlink(missing_ok=True)

    def files(self):
        """Every file of both directories, relative; sockets are no files."""
        return sorted(path.relative_to(self.kept) for top in ("run", "state") for path in (self.kept / top).rglob("*")
                      if path.is_file())

    def close(self):
        shutil.rmtree(self.directories.root, ignore_errors=True)
        shutil.rmtree(self.kept, ignore_errors=True)


@pytest.fixture(name="remains", scope="module")
def killed_service():
    remains = Remains()
    yield remains
    remains.close()


def moved_aside(root):
    """What steadyd has put out of the way, by the name that it had."""
    quarantined = [re.sub(r"\.\d+$", "", path.name) for path in root.glob("*/**/quarantine/*")]
    return quarantined + [path.name for path in root.rglob("records.sqlite.damaged-*")]


def flip(path, offset):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0xff]))


def places(files, size_of):
    """The places to damage: every byte of every file, or a sample that has each file and leans to its first page."""
    rng = random.Random(steady.seed())
    every = [(file, offset) for file in files for offset in range(size_of(file))]
    if COUNT == "all":
        return every
    some = []
    for number in range(int(COUNT)):
        file = files[number % len(files)]
        size = size_of(file)
        if size:
            some.append((file, rng.randrange(min(size, 512)) if rng.random() < 0.6 else rng.randrange(size)))
    return some


def flaw_of_start(remains, case):
    """It comes up, serves, runs whom it can run, and stops; what it moved aside is in its log and in its metrics. Returns
    what was otherwise."""
    directories = remains.directories
    service = steady.Service(directories, graph(directories))
    try:
        service.start()
        settled = ("running", "finished", "stopped", "failed")
        steady.wait_until(lambda: all(actor["state"] in settled for actor in service.status()["actors"]), "all is settled")
        assert "steady_build_info" in service.http("/metrics")
        assert service.http("/graph.json")
        aside = moved_aside(directories.root)
        counted = int(re.search(r"^steady_segments_quarantined_total (\d+)", service.http("/metrics"), re.M)[1])
        assert bool(counted) == bool(aside), (counted, aside)
        if aside:
            assert "moved" in service.log()
        blamed = [line for line in service.log().splitlines() if any(word in line for word in BLAMED)]
        assert blamed == []
        assert service.stop() == 0
        assert "terminate called" not in service.log()
        return None
    except AssertionError as error:
        return f"== {case}: {error}\n{service.log()[-4000:]}"
    finally:
        if service.process.poll() is None:
            service.kill_steadyd()
        steady.wait_until(lambda: not steady.processes_with(str(directories.root)), "every process has ended")


def check_all(remains, cases):
    """Each case is a sentence, and what it does to the directories."""
    flaws = []
    for sentence, damage in cases:
        remains.restore()
        damage()
        flaws.append(flaw_of_start(remains, sentence))
    flaws = [flaw for flaw in flaws if flaw]
    assert not flaws, f"{len(flaws)} of {len(cases)}\n" + "\n".join(flaws)


def size_of(remains):
    return lambda file: (remains.kept / file).stat().st_size


def test_undamaged_remains_start_and_nothing_is_moved_aside(remains):
    remains.restore()
    assert flaw_of_start(remains, "nothing") is None
    assert moved_aside(remains.directories.root) == []


def test_steadyd_starts_whatever_byte_was_flipped(remains):
    root = remains.directories.root
    check_all(remains, [(f"{file}, byte {offset}", lambda file=file, offset=offset: flip(root / file, offset))
                        for file, offset in places(remains.files(), size_of(remains))])


def test_steadyd_starts_wherever_a_file_was_cut(remains):
    root = remains.directories.root
    check_all(remains, [(f"{file} cut to {offset}", lambda file=file, offset=offset: os.truncate(root / file, offset))
                        for file, offset in places(remains.files(), size_of(remains))])


@pytest.mark.parametrize("kind, offset", [("ring", 31), ("reader", 32)])
def test_a_channel_whose_ends_do_not_know_each_other_any_more_is_reported(remains, kind, offset):
    """One bit of the incarnation that ties a reader to its ring: what waited is lost, and that is no secret."""
    remains.restore()
    root = remains.directories.root
    path, = (root / "run/segments").glob(f"channel-victim.passed.*{kind}")
    flip(path, offset)
    assert flaw_of_start(remains, f"{path.name}, byte {offset}") is None
    assert moved_aside(root) == ["channel-victim.passed.to-ledger.numbers.reader"]
    log = (root / "log").read_text()
    assert "channel victim.passed" in log and "belongs to another ring" in log


NO_LOCKS = [(name, what) for name in ("run/steadyd.lock", "run/workers.lock", "state/steadyd.lock")
            for what in ("directory", "FIFO", "symlink", "dangling symlink")
            if (name, what) != ("run/workers.lock", "FIFO")]  # nothing is written there, and a FIFO can be locked


@pytest.mark.parametrize("name, what", NO_LOCKS)
def test_a_lock_that_is_no_file_is_refused_by_its_name(remains, name, what):
    """Nobody can tell who may hold it, so it is the one thing that steadyd does not put out of the way."""
    remains.restore()
    root = remains.directories.root
    replace_by(what)(root / name)
    answer = steady.run(steady.BIN / "steadyd", "--config", root / "steadyd.yaml", "--runtime-dir", root / "run",
                        "--state-dir", root / "state", "--listen", "127.0.0.1:0")
    assert answer.returncode == 1
    assert str(root / name) in answer.stderr and "terminate called" not in answer.stderr
    assert steady.processes_with(str(root)) == []


def replace_by(what):
    def damage(path):
        path.unlink()
        if what == "directory":
            path.mkdir()
            (path / "something").write_text("in it")
        elif what == "FIFO":
            os.mkfifo(path)
        elif what == "symlink":
            path.symlink_to("/etc/hostname")
        elif what == "dangling symlink":
            path.symlink_to("/nowhere/at/all")
        elif what == "nothing":
            pass
        elif what == "longer":
            path.write_bytes(bytes(1 << 20))
    return damage


def give_away(path):
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)


@pytest.mark.parametrize("what", ["directory", "FIFO", "symlink", "dangling symlink", "nothing", "longer"])
def test_steadyd_starts_whatever_stands_in_the_place_of_a_file(remains, what):
    root = remains.directories.root
    check_all(remains, [(f"{file} is replaced by: {what}", lambda file=file: replace_by(what)(root / file))
                        for file in remains.files() if file.suffix != ".lock"])


def test_a_lock_of_the_workers_that_is_a_fifo_serves_as_well(remains):
    remains.restore()
    replace_by("FIFO")(remains.directories.root / "run/workers.lock")
    assert flaw_of_start(remains, "a FIFO to lock") is None


def test_steadyd_starts_when_files_have_another_owner_or_no_rights(remains):
    """As root, who may read everything; others are told what they may not."""
    root = remains.directories.root
    if os.geteuid() != 0:
        pytest.skip("only root may give files away")
    check_all(remains, [(f"{file} of another owner", lambda file=file: give_away(root / file)) for file in remains.files()]
              + [(f"{file} without rights", lambda file=file: (root / file).chmod(0)) for file in remains.files()])
