"""What the benchmarks of the data path share: to run a bare program, to run a graph, and to see how much it moves."""
import contextlib
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))
import steady  # noqa: E402

WARM_SECONDS = 0.2  # until caches and frequency have settled; as in bare_ring.hpp


def bare(program, *arguments):
    """The numbers that a bare program prints."""
    done = subprocess.run([steady.BIN / program, *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=True)
    return [float(number) for number in done.stdout.split()]


def graph(actors, channels, telemetry=""):
    """A configuration of `actors`, name to settings, and `channels`, each a line."""
    lines = ["steadyd: 1", f"telemetry: {{{telemetry}}}", "actors:"]
    lines += [f"  {name}: {{{settings}}}" for name, settings in actors.items()]
    lines += ["channels:", *(f"  - {channel}" for channel in channels), ""]
    return "\n".join(lines)


def stream(source, sink, port, batch, capacity):
    """One channel between two actors of the plugin stream, each named by its settings; the sink takes whole batches."""
    return graph({"source": f"plugin: stream, {source}",
                  "sink": f"plugin: stream, {sink}, inputs: {{{port}: {{min: {batch}, max: {batch}}}}}"},
                 [f"{{from: source.{port}, to: sink.{port}, capacity: {capacity}}}"])


@contextlib.contextmanager
def running(yaml, prepare=lambda service: None):
    """A service that is warm; `prepare` is called before. None of its workers may have died when it is left."""
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_ready()
        prepare(service)
        time.sleep(WARM_SECONDS)
        yield service
        again = [actor["name"] for actor in service.status()["actors"] if actor["generation"] != 0 or not actor["up"]]
        assert not again, f"{again} died:\n{service.log()}"


def received(status, readers=()):
    """Messages that these actors have taken since the start, from all of their channels; without `readers`, all actors."""
    return sum(reader["messages_received"] for channel in status["channels"] for reader in channel["readers"]
               if not readers or reader["actor"] in readers)


def rate(service, seconds, readers=()):
    """Messages per second that they take over the next `seconds`, by steadyd's own clock; longer on a machine that is so
    busy that nothing moved."""
    first = last = service.status()
    while received(last, readers) == received(first, readers):
        time.sleep(seconds)
        last = service.status()
    return (received(last, readers) - received(first, readers)) / (last["uptime_seconds"] - first["uptime_seconds"])


def rate_of(yaml, seconds, readers=()):
    with running(yaml) as service:
        return rate(service, seconds, readers)


def cpu_seconds(pid):
    """What all threads of a process ran so far, to the nanosecond."""
    return sum(int(task.read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def millions(rates):
    return [rate / 1e6 for rate in rates]
