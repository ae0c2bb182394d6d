"""What a step costs: the worker's loop around an actor that does next to nothing, in one process and with nobody to wait
for, beside the call of an empty function. --instructions counts instead of measuring, which no other load disturbs."""
import re
import shutil
import statistics
import subprocess

import flow
import ratio
import steady

CASES = [("one", "one port", 10), ("two", "two ports", 25), ("state", "two ports and 64 B of state", 30)]
COUNTED = re.compile(r"Collected : (\d+)")
STEPS = 1 << 16  # in one pass, as in step_cost.cpp


def instructions(kind):
    """Instructions in one step, commit included; without those that refill the far ends, and with nothing sampled."""
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                           "--toggle-collect=steady::worker::ActorThread::run_alone*", "--toggle-collect=*FarEnds::refill*",
                           steady.BIN / "step_cost", kind, "1", "unsampled"], capture_output=True, text=True, check=True)
    return int(COUNTED.search(done.stderr)[1]) / STEPS


def main():
    parser = ratio.parser(__doc__, "one round")
    parser.add_argument("--instructions", action="store_true", help="also count them, with valgrind")
    chosen = parser.parse_args()
    if chosen.instructions and not shutil.which("valgrind"):
        parser.error("--instructions needs valgrind")
    rounds, passes = (1, 3) if chosen.quick else (5, 50)
    ratio.title(f"step: {rounds} rounds of {passes} passes in turn")
    kinds = ["call", *(kind for kind, _, _ in CASES)]
    call, *ours = ratio.in_turn(rounds, *[lambda kind=kind: statistics.median(flow.bare("step_cost", kind, passes))
                                          for kind in kinds])
    for (_, name, bound), figures in zip(CASES, ours):
        ratio.compare(chosen, f"step, {name}", "ns", ("an empty function", call), ("steadyd", figures),
                      ratio.at_most(bound, "ns"))
    counted = {kind: instructions(kind) for kind, _, _ in CASES} if chosen.instructions else {}
    for kind, name, _ in CASES:
        if kind in counted:
            print(f"step, {name}: {counted[kind]:.1f} instructions")
    ratio.write_json(chosen, instructions=counted)


main()
