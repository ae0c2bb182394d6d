"""A random graph: who sends to whom, through what, in which process, under which supervisor; and what must arrive."""
import dataclasses

SOURCES, RELAYS, SINKS = 3, 5, 3
COPIES_MAX = 24  # of one stream, at all sinks together; and a relay's ledger has room for 64 streams
READERS_MAX = 3
CAPACITY_MESSAGES = 65536
CAPACITY_BYTES = 1 << 20
LONGEST_FRAME = 288  # with its head
BACKOFF = "backoff: {first: 0ms, min: 1ms, max: 10ms}"
PATIENT = f"intensity: 10000, period: 10s, {BACKOFF}"  # no supervisor gives up however much goes wrong


@dataclasses.dataclass
class Actor:
    name: str
    kind: str  # source, relay or sink
    frames: bool = False  # what it sends
    worker: str = ""
    readers: list = dataclasses.field(default_factory=list)
    producers: list = dataclasses.field(default_factory=list)
    settings: dict = dataclasses.field(default_factory=dict)
    params: dict = dataclasses.field(default_factory=dict)
    capacity: int = 0

    @property
    def type(self):
        return f"frame_{self.kind}" if self.frames else self.kind

    @property
    def messages(self):
        """How many items its channel holds at least."""
        return self.capacity // LONGEST_FRAME if self.frames else self.capacity

    @property
    def output(self):
        return "items" if self.kind == "source" else "passed"


class Topology:
    """Drawn from `rng`. The sources send until `until` exists, or, when it is None, a number that the draw says."""

    def __init__(self, rng, until, faults_file, watchdog="", gentle=False):
        while True:
            self.actors = draw_edges(rng)
            if self._copies() <= COPIES_MAX:
                break
        for actor in self.actors:
            draw_channel(rng, actor, gentle)
        for actor in self.actors:
            draw_settings(rng, actor, faults_file, watchdog)
        for source in self.of("source") if until else ():
            source.params["until"] = f'"{until}"'
        if not until:
            draw_counts(rng, self.actors)
        workers = draw_workers(rng, self.actors)
        self.supervision = draw_supervisor(rng, workers)

    def named(self, name):
        return next(actor for actor in self.actors if actor.name == name)

    def of(self, kind):
        return [actor for actor in self.actors if actor.kind == kind]

    def ways(self, actor):
        """How many streams pass through an actor."""
        return 1 if actor.kind == "source" else sum(self.ways(producer) for producer in actor.producers)

    def expected(self, actor, sent):
        """How many messages an actor must have seen once all that was `sent` (source name -> count) has arrived."""
        if actor.kind == "source":
            return sent[actor.name]
        return sum(self.expected(producer, sent) for producer in actor.producers)

    def _copies(self):
        return sum(self.ways(sink) for sink in self.of("sink"))

    def yaml(self):
        actors = "\n".join(f"  {actor.name}: {{{', '.join(entries(actor))}}}" for actor in self.actors)
        channels = "\n".join(
            f"  - {{from: {actor.name}.{actor.output}, to: [{', '.join(f'{to.name}.items' for to in actor.readers)}], "
            f"capacity: {actor.capacity}}}" for actor in self.actors if actor.readers)
        return f"steadyd: 1\nname: chaos\nactors:\n{actors}\nchannels:\n{channels}\nsupervision: {self.supervision}\n"


def entries(actor):
    """The keys of an actor in the configuration."""
    yield "plugin: chaos"
    yield f"type: {actor.type}"
    if actor.worker:
        yield f"worker: {actor.worker}"
    for key, value in actor.settings.items():
        yield f"{key}: {value}"
    yield "params: {" + ", ".join(f"{key}: {value}" for key, value in actor.params.items()) + "}"


def draw_edges(rng):
    """Sources, relays, sinks, in this order; each but a sink is read by one to three that come later."""
    actors = [Actor(f"source{n}", "source", rng.random() < 0.4) for n in range(1, rng.randint(1, SOURCES) + 1)]
    actors += [Actor(f"relay{n}", "relay", rng.random() < 0.4) for n in range(1, rng.randint(0, RELAYS) + 1)]
    actors += [Actor(f"sink{n}", "sink") for n in range(1, rng.randint(1, SINKS) + 1)]
    for place, actor in enumerate(actors):
        later = [other for other in actors[place + 1:] if other.kind != "source"]
        for _ in range(min(len(later), rng.choice([1, 1, 1, 2, READERS_MAX]))) if actor.kind != "sink" else ():
            connect(actor, rng.choice([other for other in later if other not in actor.readers]))
    for place, actor in enumerate(actors):
        if actor.kind != "source" and not actor.producers:
            connect(rng.choice([other for other in actors[:place] if other.kind != "sink"]), actor)
    return actors


def connect(producer, reader):
    producer.readers.append(reader)
    reader.producers.append(producer)


def draw_channel(rng, actor, gentle):
    """Capacities from tiny to large, each order of magnitude alike."""
    low, high = (4096, CAPACITY_BYTES) if actor.frames else (1, CAPACITY_MESSAGES)
    if gentle:
        high //= 32
    actor.capacity = int(low * (high / low) ** rng.random())


def draw_settings(rng, actor, faults_file, watchdog):
    actor.settings["wait"] = rng.choice(["block", "adaptive"])
    if watchdog:
        actor.settings["watchdog"] = watchdog
    if actor.kind != "source" and rng.random() < 0.3:
        most = min(producer.messages for producer in actor.producers)
        actor.settings["inputs"] = f"{{items: {{max: {min(most, rng.choice([1, 7, 100]))}}}}}"
    actor.params["fault_seed"] = rng.randrange(1 << 32)
    if rng.random() < 0.6:
        actor.params["fault_every"] = int(10 ** rng.uniform(2.5, 4.5))
        actor.params["faults"] = f'"{faults_file}"'
    if actor.kind == "source":
        actor.params["stream"] = int(actor.name.removeprefix("source"))
        actor.params["batch"] = rng.choice([1, 10, 1000])


def draw_counts(rng, actors):
    """Finite streams, the shorter the narrower the channels are: each message of a tiny one is a switch of processes."""
    narrowest = min(actor.messages for actor in actors if actor.readers)
    for actor in actors:
        if actor.kind == "source":
            actor.params["count"] = rng.randint(1000, min(200_000, 5000 + 2000 * narrowest))


def draw_workers(rng, actors):
    """Lists of actors that share a process, in a random order."""
    alone = rng.sample(actors, len(actors))
    workers = []
    while alone:
        size = rng.choice([1, 1, 1, 2, 3])
        group, alone = alone[:size], alone[size:]
        if len(group) > 1:
            for actor in group:
                actor.worker = f"group{len(workers)}"
        standby = rng.random() < 0.4
        for actor in group if standby else ():
            actor.settings["standby"] = "true"
        workers.append(group)
    return workers


def draw_supervisor(rng, workers, depth=0):
    """The settings of a supervisor over all `workers`, with others beneath it."""
    children = []
    rest = list(workers)
    while rest:
        size = rng.randint(2, len(rest)) if depth < 2 and len(rest) > 1 and rng.random() < 0.4 else 1
        if size > 1:
            children.append(f"{{supervisor: {draw_supervisor(rng, rest[:size], depth + 1)}}}")
        else:
            children += [actor.name for actor in rest[0]]
        rest = rest[size:]
    name = f"name: over_{workers[0][0].name}_{depth}, " if depth else ""
    strategy = rng.choice(["one_for_one", "one_for_one", "one_for_all", "rest_for_one"])
    return f"{{{name}strategy: {strategy}, {PATIENT}, children: [{', '.join(children)}]}}"
