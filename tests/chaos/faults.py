"""Faults from outside, drawn at random: what can happen to a worker, to steadyd, and to all of them."""
import os
import signal
import time

import steady

PLUGIN_FAULTS = ("segv", "abort", "throw", "exit", "exit_cleanly", "stack_overflow", "memory")
HANGS = ("spin", "deadlock")  # only a watchdog ends them


def send(pid, number):
    """Whether there was still such a process."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


class Injector:
    """Injects faults into a service while a watch looks at it, and counts them by kind."""

    def __init__(self, service, watch, cost, rng, counts):
        self.service = service
        self.watch = watch
        self.cost = cost
        self.rng = rng
        self.counts = counts

    def inject(self):
        """One fault, of a kind that the weights make more or less likely."""
        kinds = {self.kill_worker: 8, self.kill_spare: 3, self.kill_worker_and_spare: 2, self.stop_and_kill_worker: 3, self.stop_and_continue_worker: 3,
                 self.kill_steadyd: 2, self.kill_everything: 1, self.stop_and_continue_steadyd: 2}
        [kind] = self.rng.choices(list(kinds), kinds.values())
        if kind():
            self.counts[kind.__name__.replace("_", " ")] += 1

    def moment(self, longest=0.004):
        """Makes the instant of what follows random; waits for nothing."""
        time.sleep(self.rng.choice([0, self.rng.uniform(0, longest)]))

    def victim(self):
        pids = sorted(set(self.service.pids().values()))
        return self.rng.choice(pids) if pids else None

    def kill_worker(self):
        pid = self.victim()
        return pid and send(pid, signal.SIGKILL)

    def kill_spare(self):
        pids = sorted({actor["standby_pid"] for actor in self.service.status()["actors"]} - {0})
        return pids and send(self.rng.choice(pids), signal.SIGKILL)

    def kill_worker_and_spare(self):
        pairs = sorted({(actor["pid"], actor["standby_pid"]) for actor in self.service.status()["actors"]
                        if actor["pid"] and actor["standby_pid"]})
        pair = self.rng.choice(pairs) if pairs else ()
        return any([send(pid, signal.SIGKILL) for pid in self.rng.sample(pair, len(pair))])

    def stop_and_kill_worker(self):
        return self._stop_worker_and(signal.SIGKILL)

    def stop_and_continue_worker(self):
        return self._stop_worker_and(signal.SIGCONT)

    def _stop_worker_and(self, number):
        pid = self.victim()
        if not pid or not send(pid, signal.SIGSTOP):
            return False
        self.moment(0.05)
        send(pid, number)
        return True

    def kill_steadyd(self):
        with self.watch.blindfolded():
            self.cost.add(self.service.process.pid)
            self.service.kill_steadyd()
            self.moment()
            self.service.start()
        return True

    def kill_everything(self):
        with self.watch.blindfolded():
            self.cost.add(self.service.process.pid)
            victims = [self.service.process.pid, *self.service.processes()]
            for pid in self.rng.sample(victims, len(victims)):
                send(pid, signal.SIGKILL)
            self.service.process.wait()
            self.service.start()
        return True

    def stop_and_continue_steadyd(self):
        with self.watch.blindfolded():
            steadyd, worker = self.service.process.pid, self.victim()
            send(steadyd, signal.SIGSTOP)
            self.moment(0.03)
            if worker and self.rng.random() < 0.5:
                send(worker, signal.SIGKILL)  # it learns of this when it wakes
            send(steadyd, signal.SIGCONT)
        return True


class PluginFaults:
    """The file that tells the actors how to fail, and the log in which they say that they are about to."""

    def __init__(self, directories, kinds):
        self.kinds = kinds
        self.file = directories.root / "faults"
        self.log = directories.root / "faults.log"
        self.forbid()

    def allow(self):
        self.file.write_text(" ".join(self.kinds))

    def forbid(self):
        self.file.write_text("")

    def seen(self):
        """All that happened: (kind, place, pid)."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [(kind, place, int(pid)) for kind, place, pid in map(str.split, lines)]

    def wait_over(self, service):
        """Waits until no worker runs that has begun to fail."""
        steady.wait_until(lambda: not {pid for _, _, pid in self.seen()} & set(service.pids().values()),
                          "those that fail have ended")
