"""The supervision tree beside a real Erlang/OTP supervisor: the same scenarios, and what each makes of them.

    compare.py OTP_STEADY_DRIVER [FILE...]              the scenarios of these files; of scenarios/*.txt by default
    compare.py OTP_STEADY_DRIVER --random 500 --seed 7  as many made up

A scenario is a name, a tree and events:

    == rest_for_one after the middle child leaves the one before it alone
    root rest_for_one (a, b transient, inner intensity 0 (c, d))
    crash b; crash c d

A tree is NAME WORD... [( CHILD, ... )]. The words of a supervisor: one_for_one (default), one_for_all, rest_for_one;
intensity N (5); any_significant, all_significant; degrade (the root only; without it on_give_up is `exit`). Those of
every child: permanent (default), transient, temporary; significant; shutdown MS, brutal_kill or infinity (default);
ignores_stop. The period is an hour and there is no back-off: no verdict depends on time.

    run                     starts the tree, unless the first event is to do it
    crash X... / exit X...  they end abnormally / normally, all before their supervisor sees the first of them
    finish X...             the streams of X ended; to OTP that is a normal exit
    stop                    the whole tree
    stop X, start X, restart X   an operator's order; in OTP terminate_child and restart_child
    fail_start X N          the next N starts of X fail
    hold_start X, hold_stop X, release X   the next start (stop) of X takes until it is released

After each event both sides come to rest, and print what was started, asked to stop and killed, in this order, and
which supervisor gave up; at the end, who is up. The line `in any order` is for supervisors at work side by side.

Where the two shall differ, the scenario names deviations, rows of the table in daemon/supervision/README.md, and says
what differs, in the words of each side. A difference that is not declared is an error, and so is a declared one that
is not there.
"""
import argparse
import pathlib
import random
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MANUAL = HERE.parent.parent / "daemon/supervision/README.md"


class Scenario:
    def __init__(self, name):
        self.name, self.script, self.deviations, self.in_any_order = name, [], [], False
        self.declared = {"here": "", "otp": ""}


def read_scenarios(path):
    scenarios = []
    for line in map(str.strip, path.read_text().splitlines()):
        word, _, rest = line.partition(" ")
        if word == "==":
            scenarios.append(Scenario(rest))
        elif word == "deviation":
            scenarios[-1].deviations = [name.strip() for name in rest.split(",")]
        elif word in ("here:", "otp:"):
            scenarios[-1].declared[word[:-1]] = rest.strip()
        elif line == "in any order":
            scenarios[-1].in_any_order = True
        elif line and not line.startswith("#"):
            scenarios[-1].script.append(line)
    return scenarios


def reasons():
    """The manual's table of deviations: name -> why."""
    table = re.findall(r"^\| \*\*(.+?)\*\* \|.*\| (.*?) \|$", MANUAL.read_text(), re.MULTILINE)
    return dict(table)


def run_all(command, files):
    """Name -> lines, in the canonical form."""
    done = subprocess.run([*command, *files], capture_output=True, text=True, timeout=100)
    if done.returncode != 0:
        sys.exit(f"{command[-1]} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr}")
    blocks = [block.splitlines() for block in done.stdout.split("== ")[1:]]
    return {block[0]: [line.strip() for line in block[1:]] for block in blocks}


def in_no_order(line):
    event, _, trace = line.partition(": ")
    return f"{event}: {', '.join(sorted(trace.split(', ')))}"


def differences(scenario, here, otp):
    """What differs, as the two texts that the scenario would declare."""
    same = in_no_order if scenario.in_any_order else str
    pairs = [(a, b) for a, b in zip(here, otp) if same(a) != same(b)]
    assert len(here) == len(otp), scenario.name
    return {"here": " | ".join(a for a, _ in pairs), "otp": " | ".join(b for _, b in pairs)}


def describe(texts):
    return f"    here: {texts['here']}\n    otp:  {texts['otp']}"


def judge(scenario, found, known):
    """The complaint about one scenario, or nothing."""
    unknown = [name for name in scenario.deviations if name not in known]
    if unknown:
        return f"names a deviation that {MANUAL.name} does not have: {', '.join(unknown)}"
    if not scenario.deviations:
        return f"the two differ:\n{describe(found)}" if found["here"] != found["otp"] else None
    if found["here"] == found["otp"]:
        return f"the two agree, although it declares: {', '.join(scenario.deviations)}"
    if found != scenario.declared:
        declared = describe(scenario.declared)
        return f"the two differ in another way than declared:\n{describe(found)}\n  declared\n{declared}"
    return None


def compare(driver, files):
    scenarios = [scenario for file in files for scenario in read_scenarios(file)]
    names = [scenario.name for scenario in scenarios]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        sys.exit(f"several scenarios have one name: {'; '.join(twice)}")
    here = run_all([driver], files)
    otp = run_all(["escript", HERE / "otp_driver.erl"], files)
    known = reasons()
    complaints = 0
    for scenario in scenarios:
        found = differences(scenario, here[scenario.name], otp[scenario.name])
        complaint = judge(scenario, found, known)
        if complaint is None:
            continue
        complaints += 1
        print(f"{scenario.name}\n  {' / '.join(scenario.script)}\n  {complaint}")
    shown = {name for scenario in scenarios for name in scenario.deviations}
    differing = sum(1 for scenario in scenarios if scenario.deviations)
    agreeing = len(scenarios) - differing
    if complaints:
        print(f"{complaints} of {len(scenarios)} scenarios are not as declared")
        return 1
    print(f"{agreeing} scenarios agree, {len(shown)} named deviations in {differing} others:")
    for name in (name for name in known if name in shown):
        print(f"  {name}: {known[name]}")
    return 0


# Scenarios made up. What is known to differ is left out: first starts that fail, holding, operators.

STRATEGIES = ["one_for_one", "one_for_all", "rest_for_one"]
MODES = ["", "", "any_significant", "all_significant"]
RESTARTS = ["permanent", "permanent", "transient", "temporary"]


class Maker:
    def __init__(self, chance):
        self.chance = chance
        self.count = 0
        self.families = []

    def supervisor(self, depth, mode_above):
        name = self.name("s")
        mode = self.chance.choice(MODES)
        members = range(self.chance.randint(1, 4))
        children = [self.child(depth, mode) for _ in members]
        workers = [child.split()[0] for child in children if "(" not in child]
        if workers:
            self.families.append(workers)
        words = [name, self.chance.choice(STRATEGIES), f"intensity {self.chance.randint(0, 3)}", mode]
        return " ".join(filter(None, words + self.common(mode_above))) + f" ({', '.join(children)})"

    def child(self, depth, mode):
        if depth > 0 and self.chance.random() < 0.4:
            return self.supervisor(depth - 1, mode)
        kill = ["shutdown brutal_kill"] if self.chance.random() < 0.2 else []
        return " ".join([self.name("w"), *self.common(mode), *kill])

    def common(self, mode_above):
        """OTP refuses a significant child that is permanent, or whose supervisor does not care."""
        restart = self.chance.choice(RESTARTS)
        significant = mode_above and restart != "permanent" and self.chance.random() < 0.6
        return [restart, "significant"] if significant else [restart]

    def name(self, letter):
        self.count += 1
        return f"{letter}{self.count}"

    def event(self):
        family = self.chance.choice(self.families)
        several = self.chance.sample(family, self.chance.randint(1, min(2, len(family))))
        return f"{self.chance.choice(['crash', 'crash', 'exit'])} {' '.join(several)}"


def make_up(count, seed):
    text = ""
    for index in range(count):
        chance = random.Random(f"{seed}.{index}")
        maker = Maker(chance)
        depth = chance.randint(0, 3)
        tree = maker.supervisor(depth, "")
        while not maker.families:
            tree = maker.supervisor(depth, "")
        events = []
        for _ in range(chance.randint(1, 10)):
            if depth == 0 and chance.random() < 0.4:  # beneath a nested supervisor a failed start is known to differ
                failing = chance.choice(chance.choice(maker.families))
                events += ["run"] if not events else []
                events.append(f"fail_start {failing} {chance.randint(1, 2)}")
            events.append(maker.event())
        if chance.random() < 0.3:
            events.append("stop")
        text += f"== made up {seed}.{index}\n{tree}\n{'; '.join(events)}\n"
    return text


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("driver", help="the otp_steady_driver that was built")
    options.add_argument("files", nargs="*", type=pathlib.Path)
    options.add_argument("--random", type=int, metavar="N", default=0)
    options.add_argument("--seed", default="1")
    given = options.parse_args()
    if not given.random:
        return compare(given.driver, given.files or sorted(HERE.glob("scenarios/*.txt")))
    with tempfile.TemporaryDirectory() as folder:
        made_up = pathlib.Path(folder) / "made_up.txt"
        made_up.write_text(make_up(given.random, given.seed))
        return compare(given.driver, [made_up])


if __name__ == "__main__":
    sys.exit(main())
