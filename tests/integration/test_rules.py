"""The rules and the dashboard that ship, held against promtool, against the metrics that steadyd has, and against what
Grafana needs."""
import itertools
import json
import pathlib
import re
import shutil
import subprocess

import pytest

jsonschema = pytest.importorskip("jsonschema")
yaml = pytest.importorskip("yaml")
pytestmark = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "config/prometheus"
RULES = [PROMETHEUS / "recording.rules.yaml", PROMETHEUS / "alert.rules.yaml"]
RULE_TESTS = sorted((ROOT / "tests/integration/promtool").glob("*.test.yaml"))
DASHBOARD = json.loads((ROOT / "config/grafana/steadyd.json").read_text())
SCHEMA = json.loads((ROOT / "tests/fixtures/grafana.schema.json").read_text())
GRAFANA_VARIABLES = {"__rate_interval": "5m", "__range": "1h"}


def promtool(*arguments):
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True)


def rules(key):
    """Every rule that ships and has `key`: alert or record."""
    found = [rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]
    return {rule[key]: rule for rule in found if key in rule}


def panels():
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def variables():
    return {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}


def queries():
    """Every expression that the dashboard sends, with its variables as Grafana would fill them in."""
    fill = {**{name: ".*" for name in variables()}, **GRAFANA_VARIABLES}
    asked = [target["expr"] for panel in panels() for target in panel["targets"]]
    asked += [variable["definition"].removeprefix("label_values(").rpartition(",")[0]
              for variable in variables().values() if variable["type"] == "query"]
    return [re.sub(r"\$(\w+)", lambda match: fill[match[1]], query) for query in asked]


def types_of_metrics():
    """name -> type of every metric in the table that /metrics is made from."""
    table = (ROOT / "daemon/observe/metrics.cpp").read_text()
    return dict(re.findall(r'Row\{"(steady_\w+)", k(\w+)', table))


def series_of_metrics():
    """The name of every series that /metrics can have."""
    for name, kind in types_of_metrics().items():
        yield from [name + suffix for suffix in ("_bucket", "_sum", "_count")] if kind == "Histogram" else [name]


# ---- rules ----------------------------------------------------------------------------------------------------------

def test_promtool_accepts_the_rules():
    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", *RULES)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path", RULE_TESTS, ids=lambda path: path.name)
def test_the_rules_do_what_their_tests_say(path):
    tested = promtool("test", "rules", path)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def seen_firing():
    """What fires at each instant that the tests of the alerts look at."""
    for path in RULE_TESTS:
        for case in yaml.safe_load(path.read_text())["tests"]:
            for look in case["promql_expr_test"]:
                yield {re.search(r'alertname="(\w+)"', sample["labels"])[1] for sample in look["exp_samples"]}


@pytest.mark.parametrize("alert", rules("alert"))
def test_every_alert_is_seen_firing_and_silent(alert):
    looks = list(seen_firing())
    assert any(alert in firing for firing in looks)
    assert any(not firing for firing in looks)


@pytest.mark.parametrize("alert", rules("alert").values(), ids=lambda rule: rule["alert"])
def test_every_alert_says_how_bad_it_is_and_what_to_do(alert):
    assert alert["labels"]["severity"] in ("warning", "critical")
    assert alert["annotations"]["summary"]
    assert re.search(r"`(steadyctl|systemctl|journalctl|curl) [^`]+`", alert["annotations"]["description"])


def test_the_scrape_configuration_is_one_and_finds_the_rules():
    checked = promtool("check", "config", PROMETHEUS / "scrape.yaml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("rules found") == len(RULES)


# ---- dashboard ------------------------------------------------------------------------------------------------------

def test_the_dashboard_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(DASHBOARD)] == []


def test_no_two_panels_share_an_id_or_a_place():
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)
    taken = {}
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        for cell in itertools.product(range(place["x"], place["x"] + place["w"]),
                                      range(place["y"], place["y"] + place["h"])):
            assert taken.setdefault(cell, panel["title"]) == panel["title"], (cell, taken[cell], panel["title"])


def test_every_query_of_a_panel_has_a_letter_of_its_own():
    for panel in panels():
        letters = [target["refId"] for target in panel["targets"]]
        assert len(set(letters)) == len(letters), panel["title"]


def test_the_dashboard_uses_the_variables_that_it_has():
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD)))
    assert used - {"__all"} <= {*variables(), *GRAFANA_VARIABLES}
    assert used >= set(variables())


@pytest.mark.parametrize("query", sorted(set(queries())))
def test_prometheus_understands_every_query_of_the_dashboard(query, tmp_path):
    path = tmp_path / "rules.yaml"  # promtool parses expressions in rules
    path.write_text(yaml.safe_dump({"groups": [{"name": "x", "rules": [{"record": "x", "expr": query}]}]}))
    checked = promtool("check", "rules", path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


# ---- both -----------------------------------------------------------------------------------------------------------

def test_every_metric_that_is_asked_for_exists():
    recorded = rules("record")
    asked = [*queries(), *(rule["expr"] for rule in [*rules("alert").values(), *recorded.values()])]
    names = {name for query in asked for name in re.findall(r"(?:\w+:)?steady_\w+(?::\w+)?", query)}
    assert names - set(recorded) - set(series_of_metrics()) == set()
