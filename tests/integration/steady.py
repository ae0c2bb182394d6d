"""Drives a real steadyd from a test: starts it on directories of its own, looks at it, kills parts of it.

Everything waits for conditions, never for time; the only clock is a watchdog far above what anything needs."""
import ctypes
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

BUILD = pathlib.Path(os.environ["STEADY_BUILD"])
BIN = BUILD / "bin"
PLUGINS = BUILD / "lib/steadyd/plugins"
FIXTURE_PLUGINS = BUILD / "tests/plugins"
SANITIZED = bool(os.environ.get("STEADY_SANITIZE"))
WATCHDOG_SECONDS = int(os.environ.get("STEADY_WATCHDOG", 120))
SANITIZER_WORDS = ("AddressSanitizer", "LeakSanitizer", "runtime error:")


def seed(name="STEADY_SEED"):
    """A fresh seed, or the one given in the environment; printed, so that a failure can be repeated."""
    value = int(os.environ.get(name, random.SystemRandom().randrange(1 << 32)))
    print(f"{name}={value}")
    return value


def wait_until(condition, what, seconds=WATCHDOG_SECONDS):
    """Returns the first true value of condition()."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"gave up waiting: {what}")
        time.sleep(0.005)


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=WATCHDOG_SECONDS,
                          **options)


class Directories:
    """A scratch place: config, runtime directory in memory, state directory. Removed when the test ends."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="steady-test-", dir="/dev/shm"))
        self.runtime = self.root / "run"
        self.state = self.root / "state"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root, ignore_errors=True)

    def write(self, name, text):
        path = self.root / name
        path.write_text(text)
        return path

    def segments(self):
        """Every file of shared memory that is there now; durable state, which outlives a clean stop, is none of them."""
        return sorted(str(path.relative_to(self.root)) for path in self.runtime.glob("segments/**/*") if path.is_file())


def patient(yaml):
    """The configuration with a drain that is never given up on a slow machine, unless it says how long one may take."""
    return yaml if "drain_timeout" in yaml else f"{yaml}\ndrain_timeout: 1h\n"


class Service:
    """One steadyd process at a time on the same directories.

    What a sanitizer says in the log fails the test, unless `crashes` says that workers crash on purpose."""

    def __init__(self, directories, yaml, environment=None, arguments=(), crashes=False, binaries=BIN,
                 listen="127.0.0.1:0"):
        self.directories = directories
        self.config = directories.write("steadyd.yaml", patient(yaml))
        self.environment = environment or {}
        self.arguments = list(arguments)
        self.crashes = crashes
        self.binaries = binaries
        self.listen = listen
        self.process = None
        self.log_path = directories.root / "log"

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if kind is not None:
            print(self.log()[-20000:])
        if self.process is not None and self.process.poll() is None:
            self.kill_steadyd()
        if kind is None:
            self.check_sanitizers()

    def check_sanitizers(self):
        """Fails with the lines in which a sanitizer complains of steadyd or one of its workers."""
        said = [line for line in self.log().splitlines() if any(word in line for word in SANITIZER_WORDS)]
        assert self.crashes or not said, "\n".join(said)

    @property
    def socket(self):
        return self.directories.runtime / "steadyd.sock"

    def start(self):
        self.process = subprocess.Popen(
            [self.binaries / "steadyd", "--config", self.config, "--runtime-dir", self.directories.runtime,
             "--state-dir", self.directories.state, "--listen", self.listen, *self.arguments],
            stderr=open(self.log_path, "ab"), stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            preexec_fn=_die_with_the_test, env={**os.environ, "STEADY_PLUGIN_PATH": str(FIXTURE_PLUGINS), **self.environment})
        wait_until(lambda: self.process.poll() is not None or self.answers(), f"steadyd answers; it says\n{self.log()}")
        assert self.process.poll() is None, f"steadyd ended with {self.process.returncode}:\n{self.log()}"
        return self

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def ctl(self, *command):
        return run(self.binaries / "steadyctl", "--socket", self.socket, *command)

    def ask(self, method, **params):
        """One request over the control socket, without the cost of a process."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(WATCHDOG_SECONDS)
            connection.connect(str(self.socket))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile() as lines:
                answer = json.loads(lines.readline())
        assert "result" in answer, answer
        return answer["result"]

    def answers(self):
        try:
            return bool(self.ask("version"))
        except OSError:
            return False

    def status(self):
        return self.ask("status")

    def actor(self, name):
        return next(actor for actor in self.status()["actors"] if actor["name"] == name)

    def metrics(self, actor):
        """What an actor counts itself: name -> value."""
        return {metric["name"]: metric["value"] for metric in self.actor(actor)["metrics"]}

    def metric(self, actor, name):
        return self.metrics(actor)[name]

    def wait_metric(self, actor, name, least):
        """Waits until a counter has come to `least`; returns its value."""
        return wait_until(lambda: (now := self.metrics(actor).get(name, 0)) >= least and now,
                          f"{actor} counts {least} {name}")

    def wait_log(self, *texts):
        """Waits for a log line with all of `texts`; returns it."""
        return wait_until(lambda: next((line for line in self.log().splitlines()
                                        if all(text in line for text in texts)), None), f"the log says {texts}")

    def wait_finished(self):
        """Waits until every stream has come to its end."""
        return wait_until(lambda: all(actor["state"] == "finished" for actor in self.status()["actors"]),
                          "every actor has finished")

    def wait_ready(self):
        return wait_until(lambda: self.status()["ready"], "every actor is ready")

    def wait_state(self, actor, *states):
        return wait_until(lambda: (found := self.actor(actor))["state"] in states and found, f"{actor} is {states}")

    def wait_generation(self, actor, least):
        """Waits until generation `least` of an actor, or a later one, runs."""
        return wait_until(lambda: (found := self.actor(actor))["generation"] >= least and found["up"] and found,
                          f"generation {least} of {actor} runs")

    def pids(self):
        return {actor["name"]: actor["pid"] for actor in self.status()["actors"] if actor["pid"]}

    def processes(self):
        """The numbers of all workers and spares."""
        return {actor[key] for actor in self.status()["actors"] for key in ("pid", "standby_pid") if actor[key]}

    def kill_actor(self, name):
        """SIGKILL for the worker of an actor. Returns whether there was one to kill."""
        pid = self.actor(name)["pid"]
        if not pid:
            return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def kill_steadyd(self):
        self.process.kill()
        self.process.wait()

    def http(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port()}{path}", timeout=30) as answer:
            return answer.read().decode()

    def port(self):
        """Where it serves HTTP, from its own words."""
        return wait_until(self._said_port, "steadyd says its port")

    def _said_port(self):
        for line in reversed(self.log().splitlines()):
            if "steadyd is up" in line and "http=http" in line:
                return int(line.split("http=http://127.0.0.1:")[1].split("/")[0])
        return None

    def stop(self):
        """A clean stop; returns the exit code."""
        self.ctl("shutdown")
        code = self.process.wait(timeout=WATCHDOG_SECONDS)
        self.check_sanitizers()
        return code

    def stop_and_check_nothing_is_left(self):
        """A clean stop after which no process, no segment and no socket remains."""
        assert self.stop() == 0
        self.check_nothing_is_left()

    def check_nothing_is_left(self):
        assert processes_with(str(self.directories.root)) == []
        assert self.directories.segments() == []
        assert not self.socket.exists()


def _die_with_the_test():
    """A test that is killed, as by a timeout, leaves no steadyd behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def is_stopped(pid):
    """Whether SIGSTOP has taken hold of the process."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "T"


def descriptors(pid):
    """What the process holds open, as a multiset of targets without their numbers, sorted. Without the one file of each
    actor's thread, which is opened when steadyd first looks at it."""
    found = []
    for entry in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append(re.sub(r":\[\d+\]", "", os.readlink(f"/proc/{pid}/fd/{entry}")))
        except FileNotFoundError:
            pass
    return sorted(target for target in found if not target.endswith("/schedstat"))


def descriptors_at_rest(pid):
    """What it holds open once it has noticed that the test's own connections are closed: the same many times in a row."""
    seen = [descriptors(pid)]

    def at_rest():
        seen.append(descriptors(pid))
        return len(seen) > 20 and all(now == seen[-1] for now in seen[-20:]) and seen[-1]

    return wait_until(at_rest, f"the descriptors of process {pid} stay the same")


def processes_with(text):
    """Every process whose command line or environment of descriptors mentions `text`."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            command = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes().decode(errors="replace")
            files = [os.readlink(f"/proc/{entry}/fd/{fd}") for fd in os.listdir(f"/proc/{entry}/fd")]
        except OSError:
            continue
        if int(entry) != os.getpid() and (text in command or any(text in file for file in files)):
            found.append((int(entry), command.replace("\0", " ")))
    return found
