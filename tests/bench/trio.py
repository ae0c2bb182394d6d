"""The FizzBuzz trio as shipped, across three processes, beside the bare transaction: the same protocol with nothing
around it. Both are measured in turn, several times, in one run; quote the ratio, for machines differ and drift."""
import pathlib
import subprocess
import sys
import time

import ratio

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))
import steady  # noqa: E402

TRIO = """
steadyd: 1
name: trio
telemetry: {TELEMETRY}
actors:
  generator: {plugin: demo, type: generator}
  fizzbuzz: {plugin: demo, type: fizzbuzz}
  auditor: {plugin: demo, type: auditor}
channels:
  - {from: generator.numbers, to: fizzbuzz.numbers, capacity: 256Ki}  # as in config/demo.yaml
  - {from: fizzbuzz.verdicts, to: auditor.verdicts, capacity: 256Ki}
"""
BARE_BATCH = 4096


def bare_rate(seconds):
    done = subprocess.run([steady.BUILD / "bin/bare_transaction", str(BARE_BATCH), str(seconds)],
                          capture_output=True, text=True, check=True)
    return float(done.stdout)


def trio_rate(seconds, telemetry=""):
    """Numbers per second."""
    graph = TRIO.replace("TELEMETRY", telemetry)
    with steady.Directories() as directories, steady.Service(directories, graph) as service:
        service.wait_ready()
        time.sleep(0.3)  # caches and frequency settle
        first, begun = service.metric("auditor", "checked"), time.monotonic()
        time.sleep(seconds)
        last, ended = service.metric("auditor", "checked"), time.monotonic()
        wrong = [name for name in ("gaps", "duplicates", "disorder", "wrong") if service.metric("auditor", name)]
        assert not wrong, f"the auditor found {wrong}"
        return (last - first) / (ended - begun)


def millions(rates):
    return [rate / 1e6 for rate in rates]


def main():
    chosen = ratio.arguments(__doc__, "one short round")
    rounds, seconds = (1, 0.5) if chosen.quick else (5, 3)
    bare, trio = ratio.in_turn(rounds, lambda: bare_rate(seconds), lambda: trio_rate(seconds))
    ratios = ratio.ratios(trio, bare)
    columns = ("median", "min", "max")
    ratio.table(f"{rounds} rounds of {seconds} s in turn; million numbers per second", columns,
                [("bare transaction, three processes", millions(bare)), ("FizzBuzz trio, three workers", millions(trio))])
    ratio.line("ratio", [ratio.COLUMNS[column](ratios) for column in columns])
    ratio.write_json(chosen, bare=bare, trio=trio, ratio=ratios)


if __name__ == "__main__":
    main()
