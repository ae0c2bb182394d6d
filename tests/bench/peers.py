"""steadyd's channel between two workers beside what other systems do with the same letters of 64 bytes, each in its
own best practice (peers/): letters per second, and the median of a round trip. And the FizzBuzz trio beside the
same trio on steady_state. All are measured in turn in one run; quote the ratio. A peer that is not installed is
named and left out: config/setup.sh --peers installs those of Debian, steady_state needs cargo."""
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import ratio
import trio

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))
import steady  # noqa: E402

HERE = pathlib.Path(__file__).parent / "peers"
TARGET = steady.BUILD / "tests/bench/peers/steady_state"  # where cargo builds
PATIENCE_SECONDS = 60
BUILD_SECONDS = 1800
QUARTER_CAPACITY = 1 << 18  # of a channel of steady_state; its own advice is 1 << 20

FLOW = """
steadyd: 1
name: letters
telemetry: {listen: 127.0.0.1:0}
actors:
  writer: {plugin: letters, type: writer}
  reader: {plugin: letters, type: reader}
channels:
  - {from: writer.letters, to: reader.letters, capacity: 16Ki}
"""
ROUND_TRIP = """
steadyd: 1
name: letters
telemetry: {listen: 127.0.0.1:0}
actors:
  asker: {plugin: letters, type: asker, wait: spin}
  answerer: {plugin: letters, type: answerer, wait: spin}
channels:
  - {from: asker.questions, to: answerer.questions, capacity: 1Ki}
  - {from: answerer.answers, to: asker.answers, capacity: 1Ki}
"""


def steadyd_flow(seconds):
    """Letters per second."""
    with steady.Directories() as directories, steady.Service(directories, FLOW) as service:
        service.wait_ready()
        time.sleep(0.3)
        first, begun = service.metric("reader", "read"), time.monotonic()
        time.sleep(seconds)
        last, ended = service.metric("reader", "read"), time.monotonic()
        assert service.metric("reader", "wrong") == 0, "a letter is missing, doubled or out of order"
        return (last - first) / (ended - begun)


def steadyd_round_trip(seconds):
    """Nanoseconds, in the median."""
    with steady.Directories() as directories, steady.Service(directories, ROUND_TRIP) as service:
        service.wait_ready()
        time.sleep(seconds)
        service.wait_metric("asker", "shown", 1)
        return service.metric("asker", "p50_ns")


@contextlib.contextmanager
def beside(*command):
    """A server that a peer needs, from when it says that it is ready for as long as it is needed."""
    with tempfile.NamedTemporaryFile("r") as said:
        server = subprocess.Popen(command, stdout=open(said.name, "w"), stderr=subprocess.STDOUT)
        try:
            steady.wait_until(lambda: server.poll() is not None or "ready" in pathlib.Path(said.name).read_text(),
                              f"{command[0]} is ready", PATIENCE_SECONDS)
            assert server.poll() is None, f"{command[0]} ended; does another one run? It says\n{said.read()}"
            yield
        finally:
            server.terminate()
            server.wait(timeout=PATIENCE_SECONDS)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def nats_server():
    port = str(free_port())
    os.environ["PEER_NATS"] = f"nats://127.0.0.1:{port}"
    with beside("nats-server", "-a", "127.0.0.1", "-p", port):
        yield


def roudi():
    return beside("iox-roudi", "-m", "off")


class Peer:
    """One neighbour: how it is called, what it needs, and in which variants it is measured."""

    def __init__(self, name, command, needs=(), server=contextlib.nullcontext, batches=(None,)):
        self.name, self.command, self.server, self.batches = name, [str(part) for part in command], server, batches
        self.missing = [need for need in (self.command[0], *needs) if shutil.which(need) is None]

    def figure(self, mode, seconds, *batch):
        """What the peer prints; it checks its letters itself."""
        done = subprocess.run([*self.command, mode, str(seconds), *map(str, batch)], capture_output=True, text=True,
                              timeout=seconds + PATIENCE_SECONDS)
        assert done.returncode == 0 and done.stdout.strip(), f"{self.name}: exit code {done.returncode}; {done.stderr}"
        return float(done.stdout.split()[-1])

    def flows(self, seconds):
        """(name, measure) of each variant."""
        for batch in self.batches:
            given = () if batch is None else (batch,)
            name = self.name + (f", batch {batch}" if given else "")
            yield name, lambda given=given: self.figure("flow", seconds, *given)


def build_those_found():
    """Those whose libraries CMake found."""
    subprocess.run(["cmake", "--build", steady.BUILD, "--target", "peers"], check=True, stdout=subprocess.DEVNULL)


def installed(peers):
    for peer in peers:
        if peer.missing:
            missing = " and no ".join(pathlib.Path(name).name for name in peer.missing)
            print(f"{peer.name}: left out, for there is no {missing} (config/setup.sh --peers)")
    return [peer for peer in peers if not peer.missing]


def all_peers():
    programs = steady.BIN
    return [
        Peer("boost spsc_queue", [programs / "peer_boost"], batches=(1, 64, 1024)),
        Peer("CAF", [programs / "peer_caf"]),
        Peer("iceoryx", [programs / "peer_iceoryx"], needs=["iox-roudi"], server=roudi),
        Peer("Erlang", [HERE / "erlang/processes.escript"], needs=["escript"]),
        Peer("NATS core", [programs / "peer_nats"], needs=["nats-server"], server=nats_server),
    ]


def with_server(peer, measure):
    """Measures with the peer's server running for that long only: an idle server is not always idle."""
    with peer.server():
        return measure()


def compare(chosen, name, unit, rounds, rows, scale, aims=None):
    """Measures `rows` of (who, measure) in turn, steadyd's first, and shows steadyd beside each of the others."""
    found = ratio.in_turn(rounds, *(measure for _, measure in rows))
    (who, _), ours = rows[0], [one / scale for one in found[0]]
    ratio.title(f"{name}: {rounds} rounds in turn")
    for (beside, _), theirs in zip(rows[1:], found[1:]):
        ratio.compare(chosen, f"{name} beside {beside}", unit, (beside, [one / scale for one in theirs]), (who, ours),
                      (aims or {}).get(beside), digits=2)
    return {who: figures for (who, _), figures in zip(rows, found)}


def flow(chosen, peers, rounds, seconds):
    rows = [("steadyd, two workers", lambda: steadyd_flow(seconds))]
    for peer in peers:
        for name, measure in peer.flows(seconds):
            rows.append((name, lambda peer=peer, measure=measure: with_server(peer, measure)))
    return compare(chosen, "64 B letters", "M/s", rounds, rows, 1e6)


def round_trip(chosen, peers, rounds, seconds):
    rows = [("steadyd, wait: spin", lambda: steadyd_round_trip(seconds))]
    for peer in peers:
        rows.append((peer.name, lambda peer=peer: with_server(peer, lambda: peer.figure("roundtrip", seconds))))
    return compare(chosen, "round trip p50", "us", rounds, rows, 1e3)


def steady_state():
    """The program, built if there is cargo; None without."""
    if shutil.which("cargo") is None:
        print("steady_state: left out, for there is no cargo")
        return None
    print("steady_state: cargo builds it", flush=True)
    try:
        subprocess.run(["cargo", "build", "--release", "--locked", "--quiet"], cwd=HERE / "steady_state", check=True,
                       env={**os.environ, "CARGO_TARGET_DIR": str(TARGET)}, timeout=BUILD_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        print(f"steady_state: left out, for it could not be built ({error})")
        return None
    return TARGET / "release/steady_state_trio"


def steady_state_rate(program, arithmetic, seconds, *capacity):
    """Numbers per second; it checks every verdict itself."""
    done = subprocess.run([program, arithmetic, str(seconds), *map(str, capacity)], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.DEVNULL, timeout=seconds + PATIENCE_SECONDS,
                          env={**os.environ, "TELEMETRY_SERVER_PORT": str(free_port())})
    assert done.returncode == 0, f"steady_state_trio: exit code {done.returncode}"
    return float(done.stdout.split()[-1])


def trios(chosen, program, rounds, seconds):
    plain, blocks = "steady_state, plain", "steady_state, blocks"
    rows = [("steadyd, three workers", lambda: trio.trio_rate(seconds)),
            (plain, lambda: steady_state_rate(program, "plain", seconds)),
            (blocks, lambda: steady_state_rate(program, "blocks", seconds)),
            (blocks + ", 2^18", lambda: steady_state_rate(program, "blocks", seconds, QUARTER_CAPACITY))]
    return compare(chosen, "FizzBuzz trio", "M/s", rounds, rows, 1e6, {plain: ratio.at_least(10)})


def main():
    chosen = ratio.arguments(__doc__, "one short round")
    rounds, seconds = (1, 0.5) if chosen.quick else (5, 2)
    build_those_found()
    peers = installed(all_peers())
    figures = {"flow": flow(chosen, peers, rounds, seconds), "round_trip": round_trip(chosen, peers, rounds, seconds)}
    program = steady_state()
    if program:
        figures["trio"] = trios(chosen, program, rounds, seconds)
    ratio.write_json(chosen, **figures)


main()
