"""A stand-in for steadyd: the page's own files and documents made up here, so that what the browser draws can be tested
without timing. The documents have every field of daemon/observe/graph_json.cpp."""
import http.server
import json
import math
import pathlib
import threading
import urllib.parse

PAGE = pathlib.Path(__file__).resolve().parents[2] / "daemon/observe/page"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
# As in daemon/observe/http.cpp.
POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
MISSING = object()


def statistic(now, spread=0.2):
    """A quantity over the last seconds, around `now`."""
    return {"now": now, "mean": now, "min": now * (1 - spread), "max": now * (1 + 4 * spread),
            "deviation": now * spread, "p50": now, "p90": now * (1 + spread),
            "p99": now * (1 + 2 * spread), "p999": now * (1 + 3 * spread)}


def trigger(when, colour, active=True, value=None, shown=""):
    return {"when": when, "colour": colour, "active": active, "value": value, "shown": shown}


def actor(name, **changes):
    """A running actor that works half of the time."""
    return {"name": name, "plugin": "demo", "type": name.rstrip("-0123456789"), "worker": name, "state": "running",
            "reason": "", "note": "", "up": True, "pid": 4711, "standby": "", "standby_pid": 0, "generation": 0, "restarts": {}, "incidents": {},
            "dead_letters": 0, "steps": 123456, "steps_per_second": 5432.1, "step_seconds": statistic(41e-6),
            "batch_messages": statistic(64), "activity": "running", "waited_for_input_seconds": 10.0,
            "waited_for_room_seconds": 0.0, "waited_for_timer_seconds": 0.0, "input_ratio": 0.5, "room_ratio": 0.0,
            "timer_ratio": 0.0, "blocked_by": "", "blocked_channel": "", "culprit": "", "cpu_seconds": 12.5,
            "cpu": statistic(0.48), "core": 1, "context_switches": 99, "memory_bytes": 8 << 20, "state_bytes": 64,
            "metrics": [], "retry_in_seconds": None, "triggers": [], **changes}


def channel(source, *sinks, rate=1e6, fill=0.2, **changes):
    """From "actor.port" to one or more of them."""
    def reader(sink):
        name, _, port = sink.partition(".")
        return {"actor": name, "port": port, "messages_received": 10 ** 7, "bytes_received": 8 * 10 ** 7,
                "inflight_messages": int(65536 * fill), "fill_ratio": fill, "fill": statistic(fill, 0.1),
                "latency_seconds": statistic(3.2e-4), "waiting_seconds": 0.0}
    name, _, port = source.partition(".")
    return {"name": source, "from_actor": name, "from_port": port, "readers": [reader(sink) for sink in sinks],
            "message_type": "Number", "frames": False, "capacity_messages": 65536, "capacity_bytes": 524288,
            "messages_sent": 10 ** 7, "bytes_sent": 8 * 10 ** 7, "inflight_messages": int(65536 * fill),
            "fill_ratio": fill, "rate_messages_per_second": rate, "rate": statistic(rate), "closed": False,
            "injectable": False, "blocked_seconds": 0.0, "blocked_ratio": 0.0, "triggers": [], **changes}


def graph(name, actors, channels, **changes):
    return {"name": name, "version": "0.1.0", "uptime_seconds": 4242.0, "ready": True, "not_ready": [],
            "stopping": False, "topology_version": 1, "segments_quarantined": 0, "actors": actors, "channels": channels,
            "supervisors": [{"name": "root", "strategy": "one_for_one", "parent": "", "intensity": 5, "used": 2,
                             "period_seconds": 10.0, "resets_in_seconds": 4.2, "failed": False, "why": ""}],
            "bottlenecks": [], "deadlocks": [], **changes}


def healthy():
    return graph("weblog", [actor("access_log"), actor("parse"), actor("count"), actor("report"), actor("rejects")], [
        channel("access_log.lines", "parse.lines", rate=42000), channel("parse.requests", "count.requests", rate=41000),
        channel("parse.rejects", "rejects.lines", rate=0, fill=0), channel("count.summaries", "report.lines", rate=12)])


def slowed():
    """A sink that holds back everybody before it, triggers of every colour, incidents and dead letters."""
    held = {"activity": "waiting_for_room", "input_ratio": 0.0, "room_ratio": 0.93, "culprit": "sink"}
    return graph("slowed", [
        actor("numbers", **held, blocked_by="parse", blocked_channel="numbers.out"),
        actor("parse", **held, blocked_by="sink", blocked_channel="parse.out", generation=3, restarts={"crash": 3},
              incidents={"crash": 3}, dead_letters=2, note="3 lines were no numbers"),
        actor("sink", input_ratio=0.02, cpu=statistic(0.98), note="writes as fast as the disk takes it",
              triggers=[trigger("cpu > 90%", "orange", value=0.98, shown="98%"), trigger("memory > 1GiB", "red", False, 8 << 20)]),
        actor("clock", activity="waiting_for_timer", input_ratio=0.0, timer_ratio=0.99, cpu=statistic(0.01)),
        actor("audit", memory_bytes=200 << 20,
              metrics=[{"name": "checked", "help": "", "counter": True, "value": 95e9}]),
    ], [
        channel("numbers.out", "parse.in", "audit.numbers", rate=713e6, fill=1.0, blocked_ratio=0.93,
                triggers=[trigger("fill.p90 > 80%", "red", value=0.97, shown="97%")]),
        channel("parse.out", "sink.in", rate=12000, fill=0.98, blocked_ratio=0.9,
                triggers=[trigger("latency.p99 > 5ms", "yellow", value=0.0081, shown="8.1ms")]),
        channel("clock.ticks", "sink.ticks", rate=1, fill=0), channel("sink.acks", "parse.acks", rate=11000, fill=0.1),
    ], bottlenecks=[{"actor": "sink", "why": "is busy", "holds_back": ["parse", "numbers"], "blocked_ratio": 0.93}])


def deadlocked():
    wait = {"activity": "waiting_for_room", "input_ratio": 0.0, "room_ratio": 1.0}
    return graph("deadlocked", [
        actor("source"), actor("left", **wait, blocked_by="right", blocked_channel="left.out"),
        actor("right", **wait, blocked_by="left", blocked_channel="right.out")], [
        channel("source.out", "left.start", rate=0), channel("left.out", "right.in", rate=0, fill=1.0),
        channel("right.out", "left.in", rate=0, fill=1.0)],
        deadlocks=[{"actors": ["left", "right"], "channels": ["left.out", "right.out"]}])


def failed():
    document = healthy()
    document["actors"][1].update(state="failed", up=False, pid=0, reason="killed by signal 11 (Segmentation fault)",
                                 restarts={"crash": 5}, incidents={"crash": 6}, generation=5, activity="")
    document["actors"][2].update(state="waiting", up=False, pid=0, reason="exited with 1", retry_in_seconds=2.4,
                                 activity="")
    return {**document, "ready": False, "not_ready": ["actor parse has failed"]}


def replicated(lanes=99):
    """`lanes` times three replicas between one source and two actors of one worker: 300 actors by default."""
    parts = ["read", "parse", "store"]
    actors = [actor("source")]
    actors += [actor(f"{part}-{lane}", generation=lane % 3) for part in parts for lane in range(1, lanes + 1)]
    actors += [actor("merge", worker="last"), actor("report", worker="last")]
    channels = [channel(f"source.lane_{lane}", f"read-{lane}.in") for lane in range(1, lanes + 1)]
    for before, after in (("read", "parse"), ("parse", "store"), ("store", "merge")):
        channels += [channel(f"{before}-{lane}.out", "merge.in" if after == "merge" else f"{after}-{lane}.in",
                             rate=1000.0 * lane) for lane in range(1, lanes + 1)]
    document = graph("replicated", actors, channels + [channel("merge.out", "report.in", rate=3e6)])
    document["actors"][lanes + min(7, lanes)].update(state="failed", up=False, pid=0, activity="",
                                                     reason="killed by signal 9 (Killed)")
    return document


def large(actors=1000, channels=2000):
    """Layers of actors that are no replicas of each other; each has about two channels to actors further right."""
    layers = 12
    words = "ingest decode route filter enrich score merge store index alert audit sink".split()
    names = [f"{words[index % layers]}_{index}_{'abcdefgh'[index % 8]}" for index in range(actors)]
    edges = []
    for index in range(channels):
        source = (index * 7919) % (actors - layers)
        target = min(actors - 1, source + 1 + (index * 31) % (2 * layers))
        edges.append(channel(f"{names[source]}.out{index}", f"{names[target]}.in{index}", rate=float(10 ** (index % 7)),
                             fill=(index % 100) / 100))
    return graph("large", [actor(name) for name in names], edges)


def wave(length, size, shift=0.0):
    """A series with a gap, oldest first."""
    return [None if index < length // 8 else size * (1.2 + math.sin(index / 9 + shift)) / 2.2
            for index in range(length)]


def details_of_actor(name):
    def history(step, length):
        return {"step_seconds": step, "cpu": wave(length, 0.9), "memory": wave(length, 9e6, 1),
                "steps": wave(length, 5e3, 2), "step_p99": wave(length, 80e-6, 3), "blocked": wave(length, 1, 4)}
    block = (f"incident 7  2026-11-21T11:18:15.075Z  actor {name}, generation 0: crash, killed by signal 11\n"
             "  fault address: 0x8\n  backtrace:\n    #0 write_wildly at ../../plugins/demo/crash.cpp:26 (demo.so)\n"
             "    #1 die at ../../plugins/demo/crash.cpp:30 (demo.so)\n")
    return {"actor": name, "params": {"path": "/var/log/access.log", "limit": "0"},
            "inputs": {"in": {"min": 64, "max": 4096, "max_wait": "20ms"}}, "restart": "permanent", "wait": "adaptive",
            "shutdown": "5s", "watchdog": "10s", "history": {"fine": history(1, 600), "coarse": history(20, 180)},
            "incidents": [{"id": 7, "at": "2026-11-21T11:18:15.075Z", "cause": "crash", "text": block}],
            "dead_letters": [{"id": 1, "at": "2026-11-21T10:13:42.603Z", "channel": "numbers.out", "sequence": 299999,
                              "text": '{"value":300000}', "state": "held"}],
            "log": [{"at": "11:18:15.075", "level": "warn", "text": "Worker died  cause=crash"},
                    {"at": "11:18:15.094", "level": "info", "text": "Worker is ready  <b>generation=1</b>"}]}


def details_of_channel(name):
    def history(step, length):
        return {"step_seconds": step, "rate": wave(length, 7e8), "fill": wave(length, 1, 1),
                "latency_p50": wave(length, 3e-4, 2), "latency_p99": wave(length, 9e-4, 3)}
    return {"channel": name, "history": {"fine": history(1, 600), "coarse": history(20, 180)}, "dead_letters": []}


class Stand:
    """Serves the page and whatever document is shown. `events` chooses whether it has server-sent events."""

    def __init__(self, document, events=True, port=0):
        self.document = document
        self.requests = []
        self.changed = threading.Condition()
        self.over = False
        stand = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                stand.requests.append(self.path)
                path, _, query = self.path.partition("?")
                if path == "/events" and events:
                    stand._stream(self)
                else:
                    stand._answer(self, path, dict(urllib.parse.parse_qsl(query)))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self.changed:
            self.over = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/"

    def show(self, document):
        """From now on this one; those who listen to events get it at once."""
        with self.changed:
            self.document = document
            self.changed.notify_all()

    def _stream(self, handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        try:
            while not self.over:
                handler.wfile.write(b"event: graph\ndata: " + json.dumps(self.document).encode() + b"\n\n")
                with self.changed:
                    self.changed.wait(1)
        except OSError:
            pass  # the page has gone

    def _answer(self, handler, path, query):
        content, kind = self._find(path, query)
        handler.send_response(404 if content is MISSING else 200)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Security-Policy", POLICY)
        handler.end_headers()
        handler.wfile.write(b"" if content is MISSING else content)

    def _find(self, path, query):
        if path == "/graph.json":
            return json.dumps(self.document).encode(), "application/json"
        if path == "/details.json":
            known = {each["name"] for each in self.document["actors"] + self.document["channels"]}
            kind, name = next(iter(query.items()))
            if name not in known:
                return MISSING, "text/plain"
            made = details_of_actor(name) if kind == "actor" else details_of_channel(name)
            return json.dumps(made).encode(), "application/json"
        file = PAGE / ("index.html" if path == "/" else "favicon.svg" if path == "/favicon.ico" else path.lstrip("/"))
        if file.parent == PAGE and file.exists():
            return file.read_bytes(), TYPES.get(file.suffix, "text/plain")
        return MISSING, "text/plain"
