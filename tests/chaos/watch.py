"""Looks at a service all along: whether it answers and how long that takes; what steadyd costs."""
import contextlib
import os
import pathlib
import sys
import threading
import time

LOOK_EVERY_SECONDS = 0.01
TICKS = os.sysconf("SC_CLK_TCK")


class Watch(threading.Thread):
    """Asks for the status over fresh connections until it is ended, and notes how long each answer took."""

    def __init__(self, service):
        super().__init__(daemon=True)
        self.service = service
        self.looking = threading.Lock()
        self.over = False
        self.failure = None
        self.seconds = []  # each answer took

    def __enter__(self):
        sys.setswitchinterval(0.0005)  # the other thread of this process is not what is measured
        self.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.join()

    def run(self):
        while not self.over:
            with self.looking:
                self._look()
            time.sleep(LOOK_EVERY_SECONDS)

    def _look(self):
        if self.failure or self.over:
            return
        begun = time.monotonic()
        try:
            self.service.status()
        except Exception as error:  # pylint: disable=broad-except  # told by check(), in the test's own thread
            self.failure = error
            return
        self.seconds.append(time.monotonic() - begun)

    @contextlib.contextmanager
    def blindfolded(self):
        """Does not look meanwhile: steadyd is not there, or cannot answer."""
        with self.looking:
            yield

    def check(self):
        if self.failure:
            raise AssertionError("steadyd does not answer") from self.failure


def cpu_seconds(pid):
    """What a process has used, in user mode and in the kernel, to the nanosecond: clock_getcpuclockid(3)."""
    return time.clock_gettime((~pid << 3) | 2)


class Cost:
    """CPU time of one steadyd after another, and the time for which they ran."""

    def __init__(self):
        self.cpu = 0.0
        self.wall = 0.0

    def add(self, pid):
        """Call it just before that process ends."""
        started = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]) / TICKS
        self.cpu += cpu_seconds(pid)
        self.wall += time.clock_gettime(time.CLOCK_BOOTTIME) - started

    @property
    def share(self):
        return self.cpu / self.wall if self.wall else 0.0
