"""What a tap costs: the rate of the FizzBuzz trio with and without a `steadyctl tap --follow` of its fastest channel,
measured in turn in one run of the same workers. The ratio is the figure; 1.00 is a tap that nobody notices."""
import os
import signal
import subprocess
import time

import flow
import ratio
import steady
from trio import TRIO


def rate(service, seconds):
    first, begun = service.metric("auditor", "checked"), time.monotonic()
    time.sleep(seconds)
    last, ended = service.metric("auditor", "checked"), time.monotonic()
    return (last - first) / (ended - begun)


def tapped_rate(service, seconds):
    """Also returns how many messages were shown, and how much processor time the tap took per second."""
    command = [steady.BIN / "steadyctl", "--socket", service.socket, "tap", "--follow", "generator.numbers"]
    shown = service.directories.root / "shown"
    with open(shown, "wb") as out, subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL) as tap:
        steady.wait_until(lambda: shown.stat().st_size > 0, "the tap shows something")
        measured = rate(service, seconds)
        before = os.times()
        tap.send_signal(signal.SIGINT)
        tap.wait()
        after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    with open(shown, "rb") as lines:
        count = sum(1 for _ in lines)
    return measured, count, used / seconds


def main():
    chosen = ratio.arguments(__doc__, "one short round")
    rounds, seconds = (1, 0.5) if chosen.quick else (7, 3)
    shares = []

    def tapped_rate_of(service):
        measured, shown, share = tapped_rate(service, seconds)
        assert shown > 0
        shares.append(share)
        return measured

    with steady.Directories() as directories, steady.Service(directories, TRIO.replace("TELEMETRY", "")) as service:
        service.wait_ready()
        time.sleep(0.3)  # caches and frequency settle
        alone, tapped = ratio.in_turn(rounds, lambda: rate(service, seconds), lambda: tapped_rate_of(service))
        wrong = [name for name in ("gaps", "duplicates", "disorder", "wrong") if service.metric("auditor", name)]
        assert not wrong, f"the auditor found {wrong}"
    ratio.title(f"tap: {rounds} rounds of {seconds} s in turn")
    ratio.compare(chosen, "FizzBuzz trio, tapped", "M/s", ("not tapped", flow.millions(alone)),
                  ("with tap --follow", flow.millions(tapped)))
    ratio.line("the tap, share of one core", ratio.spread(shares), 3)
    ratio.write_json(chosen, alone=alone, tapped=tapped)


main()
