"""The FizzBuzz trio as shipped, across three processes, beside the bare transaction, the same protocol with nothing around
it, and beside the same arithmetic in one loop on one core, with no channel at all. All are measured in turn, several times,
in one run; quote the ratio, for machines differ and drift."""
import time

import flow
import ratio
import steady

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


def main():
    chosen = ratio.arguments(__doc__, "one short round")
    rounds, seconds = (1, 0.3) if chosen.quick else (5, 3)
    bare, loop, trio = ratio.in_turn(rounds, lambda: flow.bare("bare_transaction", BARE_BATCH, seconds)[0],
                                     lambda: flow.bare("bare_loop", seconds)[0], lambda: trio_rate(seconds))
    ratio.title(f"trio: {rounds} rounds of {seconds} s in turn")
    for name, rates in (("bare transaction", bare), ("one loop on one core", loop)):
        ratio.compare(chosen, f"FizzBuzz trio beside {name}", "M/s", (name, flow.millions(rates)),
                      ("steadyd, three workers", flow.millions(trio)), ratio.at_least(0.8))
    ratio.write_json(chosen, bare=bare, loop=loop, trio=trio)


if __name__ == "__main__":
    main()
