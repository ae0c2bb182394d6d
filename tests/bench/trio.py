"""The FizzBuzz trio as shipped, across three processes, beside the bare transaction: the same protocol with nothing
around it. Both are measured in turn, several times, in one run; quote the ratio, for machines differ and drift."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))
import steady  # noqa: E402

TRIO = """
steadyd: 1
name: trio
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


def trio_rate(seconds):
    with steady.Directories() as directories, steady.Service(directories, TRIO) as service:
        service.wait_ready()
        time.sleep(0.3)  # caches and frequency settle
        first, begun = service.metric("auditor", "checked"), time.monotonic()
        time.sleep(seconds)
        last, ended = service.metric("auditor", "checked"), time.monotonic()
        wrong = [name for name in ("gaps", "duplicates", "disorder", "wrong") if service.metric("auditor", name)]
        assert not wrong, f"the auditor found {wrong}"
        return (last - first) / (ended - begun)


def line(name, rates):
    print(f"{name:<34}{statistics.median(rates) / 1e6:10.0f}{min(rates) / 1e6:8.0f}{max(rates) / 1e6:8.0f}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="one short round: shows that it runs, nothing else")
    arguments.add_argument("--json", metavar="FILE", help="also write the figures there")
    chosen = arguments.parse_args()
    rounds, seconds = (1, 0.5) if chosen.quick else (5, 3)
    bare, trio = [], []
    for _ in range(rounds):
        bare.append(bare_rate(seconds))
        trio.append(trio_rate(seconds))
    ratios = [ours / limit for ours, limit in zip(trio, bare)]
    print(f"{rounds} rounds of {seconds} s in turn, {os.cpu_count()} cores; million numbers per second")
    print(f"{'':<34}{'median':>10}{'min':>8}{'max':>8}")
    line("bare transaction, three processes", bare)
    line("FizzBuzz trio, three workers", trio)
    print(f"{'ratio':<34}{statistics.median(ratios):10.2f}{min(ratios):8.2f}{max(ratios):8.2f}")
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps({"bare": bare, "trio": trio, "ratio": ratios}))


main()
