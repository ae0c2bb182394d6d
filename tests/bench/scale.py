"""What a large graph costs steadyd: 1000 actors and 2000 channels in 20 workers, with next to no messages, so that what
is left is steadyd's own work. Prints how long it takes to start, to be scraped and to be looked at, and how much of a
core, of memory and of descriptors it holds. --quick does the same with 40 actors."""
import argparse
import contextlib
import json
import math
import os
import pathlib
import statistics
import threading
import time
import urllib.request

import flow
import steady

SCRAPES = 20
SCRAPE_SECONDS = 5  # from one scrape to the next, as a Prometheus does


class Mesh:
    """Layers of equal width; each actor has two ways to the next layer, and each source two more to the last one."""

    def __init__(self, width, layers):
        self.width, self.layers = width, layers
        self.actors, self.channels = [], []
        for layer in range(layers):
            for place in range(width):
                self.actors.append(f"  {self.name(layer, place)}: {{plugin: mesh, type: {self.type(layer)}, "
                                   f"worker: layer{layer}, wait: block}}")
        for layer in range(layers - 1):
            for place in range(width):
                self.connect(layer, place, "left", layer + 1, place)
                self.connect(layer, place, "right", layer + 1, place + 1)
        for place in range(width):
            self.connect(0, place, "far_left", layers - 1, place)
            self.connect(0, place, "far_right", layers - 1, place + 1)

    @staticmethod
    def name(layer, place):
        return f"actor_{layer}_{place}"

    def type(self, layer):
        return "source" if layer == 0 else "sink" if layer == self.layers - 1 else "node"

    def connect(self, layer, place, port, next_layer, next_place):
        to = "items" if self.type(next_layer) == "sink" else f"{port}_in"
        reader = self.name(next_layer, next_place % self.width)
        self.channels.append(f"  - {{from: {self.name(layer, place)}.{port}, to: {reader}.{to}, capacity: 64}}")

    def yaml(self):
        return "\n".join(["steadyd: 1", "name: scale", "actors:", *self.actors, "channels:", *self.channels, ""])


def start(mesh, service):
    """Starts it and returns how long it took until every actor was ready. Looks at the log only: to ask steadyd would
    cost what is measured."""
    begun = time.monotonic()
    service.start()
    steady.wait_until(lambda: service.log().count("Worker is ready") >= mesh.layers, "every worker is ready")
    took = time.monotonic() - begun
    service.wait_ready()
    return took


class Reader:
    """Asks for a path over one connection after another and keeps how long each answer took."""

    def __init__(self, service, path):
        self.url = f"http://127.0.0.1:{service.port()}{path}"
        self.size_bytes = 0
        self.times = []

    def ask(self):
        begun = time.monotonic()
        with urllib.request.urlopen(self.url, timeout=30) as answer:
            self.size_bytes = len(answer.read())
        self.times.append(time.monotonic() - begun)

    def ask_every(self, seconds, stop):
        while not stop.wait(seconds):
            self.ask()


def follow(service, stop):
    """Takes the stream of /events, as an open page does."""
    with urllib.request.urlopen(f"http://127.0.0.1:{service.port()}/events", timeout=30) as events:
        while not stop.is_set():
            events.readline()


@contextlib.contextmanager
def watching(service):
    """Scraped as by a Prometheus, and followed as by a page, meanwhile."""
    stop = threading.Event()
    threads = [threading.Thread(target=Reader(service, "/metrics").ask_every, args=(SCRAPE_SECONDS, stop)),
               threading.Thread(target=follow, args=(service, stop))]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def core_share(pid, seconds):
    """Which part of a core the process takes over the next `seconds`."""
    first, begun = flow.cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (flow.cpu_seconds(pid) - first) / (time.monotonic() - begun)


def memory_bytes(pid):
    pages = pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE")


def answer_times(service, path):
    """How long an answer takes, and how much of that steadyd computes: on a busy machine the rest is waiting."""
    reader = Reader(service, path)
    before = flow.cpu_seconds(service.process.pid)
    for _ in range(SCRAPES):
        reader.ask()
    computed = flow.cpu_seconds(service.process.pid) - before
    times = sorted(reader.times)
    return {"bytes": reader.size_bytes, "median_ms": statistics.median(times) * 1e3,
            "p99_ms": times[math.ceil(0.99 * len(times)) - 1] * 1e3, "computed_ms": computed / SCRAPES * 1e3}


def measure(mesh, seconds):
    with steady.Directories() as directories, contextlib.closing(Stopping(directories, mesh.yaml())) as service:
        figures = {"actors": len(mesh.actors), "channels": len(mesh.channels), "workers": mesh.layers,
                   "ready_s": start(mesh, service)}
        pid = service.process.pid
        figures["idle_core"] = core_share(pid, seconds)
        figures["metrics"] = answer_times(service, "/metrics")
        figures["graph"] = answer_times(service, "/graph.json")
        with watching(service):
            figures["watched_core"] = core_share(pid, seconds)
        figures["memory_bytes"] = memory_bytes(pid)
        figures["descriptors"] = len(steady.descriptors(pid))
        begun = time.monotonic()
        assert service.stop() == 0
        figures["stop_s"] = time.monotonic() - begun
        return figures


class Stopping(steady.Service):
    """A service that does not outlive what is measured, however that ends."""

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.kill_steadyd()


def show(figures):
    print(f"{figures['actors']} actors, {figures['channels']} channels, {figures['workers']} workers, "
          f"{os.cpu_count()} cores")
    print(f"{'until every actor is ready':<34}{figures['ready_s']:10.2f} s")
    for name, path in (("metrics", "/metrics"), ("graph", "/graph.json")):
        found = figures[name]
        print(f"{path + ', median':<34}{found['median_ms']:10.1f} ms, p99 {found['p99_ms']:.1f} ms, of which steadyd "
              f"computes {found['computed_ms']:.1f} ms; {found['bytes'] / 1e6:.2f} MB")
    print(f"{'steadyd while nobody looks':<34}{figures['idle_core'] * 100:10.1f} % of a core")
    print(f"{'scraped each 5 s, one page open':<34}{figures['watched_core'] * 100:10.1f} % of a core")
    print(f"{'memory of steadyd':<34}{figures['memory_bytes'] / 2**20:10.0f} MiB")
    print(f"{'descriptors of steadyd':<34}{figures['descriptors']:10}")
    print(f"{'until all has stopped':<34}{figures['stop_s']:10.2f} s")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="40 actors, for a moment: shows that it runs")
    arguments.add_argument("--json", metavar="FILE", help="also write the figures there")
    chosen = arguments.parse_args()
    figures = measure(Mesh(10, 4), 1.5) if chosen.quick else measure(Mesh(50, 20), 20)
    show(figures)
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps(figures))


main()
