"""What every benchmark here does: two things are measured in turn, several times, in one run, and their ratio is quoted,
for machines differ and drift."""
import argparse
import json
import os
import pathlib
import statistics


def arguments(description, quick):
    """What the user chose. `quick` says what a quick run is."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help=f"{quick}: shows that it runs, nothing else")
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    return parser.parse_args()


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


def table(title, columns, rows, digits=0):
    """Prints `rows` of (name, figures): of each the `columns`, some of COLUMNS."""
    print(f"{title}, {os.cpu_count()} cores")
    print(f"{'':<34}" + "".join(f"{name:>10}" for name in columns))
    for name, figures in rows:
        line(name, [COLUMNS[column](figures) for column in columns], digits)


def line(name, values, digits=2):
    print(f"{name:<34}" + "".join(f"{value:10.{digits}f}" for value in values))


def ratios(ours, theirs):
    """Round by round."""
    return [one / other for one, other in zip(ours, theirs)]


def write_json(chosen, **figures):
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps(figures))
