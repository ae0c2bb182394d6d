"""What every benchmark here does: two things are measured in turn, several times, in one run, and their ratio is quoted,
for machines differ and drift. Run by itself, it collects what several benchmarks found into one table."""
import argparse
import collections
import datetime
import json
import os
import pathlib
import platform
import statistics


def parser(description, quick):
    """The options that every benchmark has. `quick` says what a quick run is."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--quick", action="store_true", help=f"{quick}: shows that it runs, nothing else")
    made.add_argument("--json", metavar="FILE", help="also write the figures there")
    return made


def arguments(description, quick):
    """What the user chose."""
    return parser(description, quick).parse_args()


def in_turn(rounds, *measures):
    """Calls each of `measures` once per round; returns a list of what each gave."""
    given = [[] for _ in measures]
    for _ in range(rounds):
        for measure, figures in zip(measures, given):
            figures.append(measure())
    return given


def percentile(figures, share):
    return sorted(figures)[min(len(figures) - 1, int(len(figures) * share))]


COLUMNS = {"median": statistics.median, "p99": lambda figures: percentile(figures, 0.99), "min": min, "max": max}
WIDTH = 38  # of a name


def title(text, columns=("median", "min", "max")):
    print(f"{text}, {os.cpu_count()} cores")
    print(f"{'':<{WIDTH}}" + "".join(f"{name:>10}" for name in columns))


def table(text, columns, rows, digits=0):
    """Prints `rows` of (name, figures): of each the `columns`, some of COLUMNS."""
    title(text, columns)
    for name, figures in rows:
        line(name, [COLUMNS[column](figures) for column in columns], digits)


def line(name, values, digits=2, behind=""):
    print(f"{name:<{WIDTH}}" + "".join(f"{value:10.{digits}f}" for value in values) + behind)


def spread(figures):
    """What is shown of them where nothing else is asked for."""
    return [COLUMNS[column](figures) for column in ("median", "min", "max")]


def ratios(ours, theirs):
    """Round by round."""
    return [one / other for one, other in zip(ours, theirs)]


class Aim(collections.namedtuple("Aim", "sign bound unit")):
    """What the median is to reach: of the ratio, or, with a unit, of our own figures."""

    def __str__(self):
        return f"{self.sign} {self.bound:g}" + (f" {self.unit}" if self.unit else "")

    def met(self, figures):
        median = statistics.median(figures)
        return median >= self.bound if self.sign == "≥" else median <= self.bound


def at_least(bound, unit=""):
    return Aim("≥", bound, unit)


def at_most(bound, unit=""):
    return Aim("≤", bound, unit)


rows = []  # of the closing table: what compare() has shown so far


def compare(chosen, name, unit, bare, ours, aim=None, digits=1):
    """Shows one row of the suite: our figures beside others of the same rounds, each a pair of who and figures. It is
    kept for write_json(). Without an aim it is written down, no more; a quick run judges nothing."""
    (beside, theirs), (who, figures) = bare, ours
    quotients = ratios(figures, theirs)
    met = None if aim is None or chosen.quick else aim.met(figures if aim.unit else quotients)
    verdict = "" if met is None else ": met" if met else ": missed"
    print(f"{name}, {unit}")
    line(f"  {beside}", spread(theirs), digits)
    line(f"  {who}", spread(figures), digits)
    line("  ratio", spread(quotients), 2, f"    aim {aim}{verdict}" if aim else "")
    rows.append({"name": name, "unit": unit, "beside": beside, "theirs": theirs, "who": who, "ours": figures,
                 "ratio": quotients, "aim": str(aim or ""), "met": met})


def write_json(chosen, **figures):
    """Writes `figures`, and the rows shown so far, where the user wants them."""
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps(figures | {"rows": rows}))


# ---- the closing table


def machine():
    """What the figures are of."""
    models = [line.partition(":")[2].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
              if line.startswith("model name")]
    return {"processor": models[0] if models else platform.machine(), "cores": os.cpu_count(),
            "kernel": f"{platform.system()} {platform.release()}", "date": datetime.date.today().isoformat()}


def short(value):
    """Three figures are all that a table needs."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


HEADINGS = ("figure", "unit", "steadyd", "beside", "", "ratio", "min – max", "aim", "")


def cells(row):
    ratio, low, high = spread(row["ratio"])
    met = {True: "met", False: "missed", None: ""}[row["met"]]
    return (row["name"], row["unit"], short(statistics.median(row["ours"])), row["beside"],
            short(statistics.median(row["theirs"])), f"{ratio:.2f}", f"{low:.2f} – {high:.2f}", row["aim"], met)


def print_table(where, found, markdown):
    """All rows of all benchmarks, as aligned columns or as Markdown."""
    lines = [cells(row) for figures in found.values() for row in figures.get("rows", [])]
    print(f"{where['processor']}, {where['cores']} cores, {where['kernel']}, {where['date']}; medians\n")
    if markdown:
        for number, row in enumerate([HEADINGS, *lines]):
            print(f"| {' | '.join(row)} |")
            if number == 0:
                print("|---" * len(HEADINGS) + "|")
        return
    widths = [max(len(row[column]) for row in [HEADINGS, *lines]) for column in range(len(HEADINGS))]
    for row in [HEADINGS, *lines]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main():
    arguments = argparse.ArgumentParser(description="Collects the JSON files of benchmarks: one table, one file.")
    arguments.add_argument("files", nargs="+", metavar="NAME.json", type=pathlib.Path)
    arguments.add_argument("--json", metavar="FILE", help="write all figures there, by name")
    arguments.add_argument("--table", action="store_true", help="print the table as Markdown")
    chosen = arguments.parse_args()
    where = machine()
    found = {file.stem: json.loads(file.read_text()) for file in chosen.files}
    print_table(where, found, chosen.table)
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps({"machine": where} | found))


if __name__ == "__main__":
    main()
