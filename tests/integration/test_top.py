"""steadyctl top: text for files, and on a terminal a table that lives, obeys keys and leaves the terminal as it was."""
import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios

import pytest

import steady
from graphs import TRIO, trio

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


class Screen:
    """steadyctl top on a pseudo terminal: what it shows, and keys for it."""

    def __init__(self, service, *arguments, rows=40, columns=150):
        self.terminal, self.inner = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.inner)
        self.process = subprocess.Popen(
            [steady.BIN / "steadyctl", "--socket", service.socket, "top", "--interval", "20ms", *arguments],
            stdin=self.inner, stdout=self.inner, stderr=self.inner, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.bytes = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)
        with contextlib.suppress(OSError):
            os.close(self.inner)

    def resize(self, rows, columns):
        fcntl.ioctl(self.inner, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        while select.select([self.terminal], [], [], 0)[0]:
            self.bytes += os.read(self.terminal, 65536)

    def frames(self):
        """Every whole frame so far, without its escape sequences; what is drawn now may be cut off and is not there."""
        self.read()
        drawn = self.bytes.split(ENTER)[-1].split(b"\x1b[H")[1:-1]
        return [re.sub(rb"\x1b\[[KJ]|\r", b"", frame).decode() for frame in drawn]

    def wait_for(self, condition, what):
        """Waits for a frame that is as asked for and returns it. Only frames from now on count."""
        seen = len(self.frames())
        return steady.wait_until(
            lambda: next((frame for frame in self.frames()[seen:] if condition(frame)), None), f"top shows {what}")

    def press(self, keys):
        os.write(self.terminal, keys)

    def wait_end(self):
        """Waits for its end and checks that the terminal is as before; returns the exit code."""
        steady.wait_until(lambda: (self.read(), self.process.poll() is not None)[1], "top ends")
        self.read()
        assert self.bytes.count(ENTER) == self.bytes.count(LEAVE) == 1
        assert self.bytes.rindex(LEAVE) > self.bytes.rindex(b"\x1b[H")
        assert b"\x1b[?25h" in self.bytes[self.bytes.rindex(b"\x1b[H"):]
        assert termios.tcgetattr(self.inner) == self.before
        return self.process.returncode


def order(frame, names=TRIO):
    """The names in the order of the tables; what is said above them of who holds back whom does not count."""
    first_words = [[line.split(" ")[0] for line in table.split("\n")] for table in frame.split("ACTOR ")[1:]]
    return [word for words in first_words for word in words if word in names]


@pytest.fixture(autouse=True)
def without_colours(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")


# ---- text -----------------------------------------------------------------------------------------------------------

def test_without_a_terminal_it_prints_one_round_of_plain_text(service):
    answer = service.ctl("top")
    assert answer.returncode == 0
    assert answer.stdout.count("ACTOR ") == 1
    assert order(answer.stdout)
    assert "\x1b" not in answer.stdout


def test_it_prints_as_many_rounds_as_asked_for(service):
    answer = service.ctl("top", "-n", "3", "--interval", "10ms", "--sort", "name")
    assert answer.stdout.count("ACTOR ") == 3
    assert order(answer.stdout) == sorted(TRIO) * 3
    lines = service.ctl("--json", "top", "-n", "2", "--interval", "10ms").stdout.splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["trio", "trio"]


@pytest.mark.parametrize("arguments", [["--sort", "size"], ["--interval", "1"], ["--interval", "1ms"], ["-n", "x"]])
def test_wrong_usage_is_exit_code_2(service, arguments):
    assert service.ctl("top", *arguments).returncode == 2


def test_no_daemon_is_exit_code_3():
    answer = steady.run(steady.BIN / "steadyctl", "--socket", "/nowhere/steadyd.sock", "top")
    assert answer.returncode == 3
    assert "/nowhere/steadyd.sock" in answer.stderr


# ---- on a terminal --------------------------------------------------------------------------------------------------

def test_it_shows_the_graph_again_and_again_and_goes_on_q(service):
    with Screen(service) as screen:
        for _ in range(3):
            screen.wait_for(lambda frame: "trio  steadyd" in frame and sorted(order(frame)) == sorted(TRIO), "the trio")
        screen.press(b"q")
        assert screen.wait_end() == 0


def test_keys_change_what_it_shows(service):
    with Screen(service) as screen:
        screen.wait_for(lambda frame: "ACTOR " in frame and "CHANNEL " in frame, "both tables")
        screen.press(b"s")
        screen.wait_for(lambda frame: "sorted by name" in frame and order(frame) == sorted(TRIO), "actors by name")
        screen.press(b"r")
        screen.wait_for(lambda frame: order(frame) == sorted(TRIO, reverse=True), "them in reverse")
        screen.press(b"c")
        screen.wait_for(lambda frame: "ACTOR " not in frame and "CHANNEL " in frame, "channels")
        screen.press(b"\t")
        screen.wait_for(lambda frame: "ACTOR " in frame and "CHANNEL " in frame, "both again")
        screen.press(b"a/fizz")
        screen.wait_for(lambda frame: "filter: fizz_" in frame and order(frame) == ["fizzbuzz"], "one actor")
        screen.press(b"\x1b")
        screen.wait_for(lambda frame: "filter" not in frame and len(order(frame)) == 3, "all actors")
        screen.press(b"?")
        screen.wait_for(lambda frame: "reverse the order" in frame, "the help")
        screen.press(b"\x03")
        assert screen.wait_end() == 0


def test_it_follows_the_size_of_the_terminal_and_scrolls(service):
    with Screen(service, "--sort", "name") as screen:
        screen.wait_for(lambda frame: "CHANNEL " in frame, "everything")
        screen.resize(7, 30)
        small = screen.wait_for(lambda frame: "CHANNEL " not in frame, "as much as fits")
        assert small.count("\n") < 7 and all(len(line) <= 30 for line in small.split("\n")[3:])
        screen.press(b"\x1b[6~\x1b[6~\x1b[6~\x1b[6~")
        screen.wait_for(lambda frame: "generator.numbers" in frame and "ACTOR " not in frame, "the end")
        screen.press(b"\x1b[H")
        screen.wait_for(lambda frame: "ACTOR " in frame, "the beginning")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_leaves_the_terminal_as_it_was(service, number):
    with Screen(service) as screen:
        screen.wait_for(order, "the trio")
        screen.process.send_signal(number)
        assert screen.wait_end() == 128 + number


def test_it_ends_when_the_terminal_goes(service):
    screen = Screen(service)
    screen.wait_for(order, "the trio")
    os.close(screen.inner)
    os.close(screen.terminal)
    assert screen.process.wait(timeout=steady.WATCHDOG_SECONDS) != 0


def test_it_outlives_the_daemon_and_finds_its_successor():
    with steady.Directories() as directories, steady.Service(directories, trio()) as service, Screen(service) as screen:
        screen.wait_for(lambda frame: frame.startswith("trio  steadyd"), "the daemon")
        service.kill_steadyd()
        lost = screen.wait_for(lambda frame: frame.startswith("snapshot: cannot reach steadyd"), "that it is gone")
        assert sorted(order(lost)) == sorted(TRIO)  # as they were
        service.start().wait_ready()
        screen.wait_for(lambda frame: frame.startswith("trio  steadyd"), "the next daemon")
        screen.press(b"q")
        assert screen.wait_end() == 0
        assert service.stop() == 0


def test_a_daemon_that_does_not_answer_cannot_hold_it(service):
    with Screen(service) as screen:
        screen.wait_for(order, "the trio")
        service.process.send_signal(signal.SIGSTOP)
        try:
            screen.wait_for(lambda frame: "steadyd did not answer" in frame, "that nobody answers")
            screen.process.terminate()
            assert screen.wait_end() == 128 + signal.SIGTERM
        finally:
            service.process.send_signal(signal.SIGCONT)
