"""The JSON Schema that editors use accepts what the loader accepts, and notices what an editor should underline."""

import json
import pathlib

import pytest

jsonschema = pytest.importorskip("jsonschema")
yaml = pytest.importorskip("yaml")

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "config" / "steadyd.schema.json").read_text())
FIXTURES = ROOT / "tests" / "fixtures" / "config"
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

SHIPPED = sorted([*(ROOT / "config").glob("*.yaml"), *(ROOT / "config" / "examples").glob("**/*.yaml")])
VALID = sorted([*SHIPPED, *FIXTURES.glob("valid/*.yaml"), *FIXTURES.glob("valid/drop_ins/*.yaml")])
VALID = [path for path in VALID if path.parent.name != "conf.d"]

# What a schema cannot say: rules across values, places outside one value, and YAML that never becomes a value.
BEYOND_A_SCHEMA = {
    "alias_of_itself", "backoff", "backoff_first_above_max", "backoff_max_below_default", "backoff_min_above_max",
    "billion_laughs", "binary", "channel_output_twice", "channel_reader_twice", "channel_unknown_actor", "child_missing",
    "child_twice", "child_unknown", "key_is_a_list", "key_twice", "actor_twice", "merge_key", "min_above_max",
    "nested_lists", "nul_byte", "stray_comma", "params_with_nul", "root_is_no_child", "significant_permanent",
    "significant_supervisor", "significant_without_auto_shutdown", "supervisor_name_twice", "syntax_error",
    "tab_indentation", "two_documents", "unknown_alias", "variable_malformed", "variable_unset", "worker_is_an_actor",
    "worker_of_two_supervisors", "worker_placement_differs", "worker_settings_differ", "frame_too_long", "start_timeout", "booleans",
    "intensity_is_octal", "intensity_is_real", "trigger_twice", "path_without_sampling",
}
BEYOND_A_SCHEMA |= {path.stem for path in FIXTURES.glob("invalid/listen_*.yaml")}
WRONG = sorted(path for path in FIXTURES.glob("invalid/*.yaml") if path.stem not in BEYOND_A_SCHEMA)


def load(path):
    return yaml.safe_load(path.read_text())


def names(path):
    return str(path.relative_to(ROOT))


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", VALID, ids=names)
def test_the_schema_accepts_what_the_loader_accepts(path):
    assert [error.message for error in VALIDATOR.iter_errors(load(path))] == []


@pytest.mark.parametrize("path", WRONG, ids=names)
def test_the_schema_notices_what_the_loader_refuses(path):
    assert not VALIDATOR.is_valid(load(path))


def test_every_exception_still_has_its_file():
    assert {path.stem for path in FIXTURES.glob("invalid/*.yaml")} >= BEYOND_A_SCHEMA


def properties(schema):
    """Every described key below `schema`, with the object that describes it."""
    if isinstance(schema, dict):
        for key, value in schema.get("properties", {}).items():
            yield key, value
        for value in schema.values():
            yield from properties(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from properties(value)


def description(value):
    """A key says what it is for by itself or through what it refers to."""
    reference = value.get("$ref", "").rsplit("/", 1)[-1]
    return value.get("description") or SCHEMA["$defs"].get(reference, {}).get("description")


@pytest.mark.parametrize("key, value", [pytest.param(k, v, id=k) for k, v in properties(SCHEMA)])
def test_every_key_says_what_it_is_for(key, value):
    assert description(value) or "allOf" in value, key


def test_every_key_is_in_the_reference():
    reference = (ROOT / "config" / "README.md").read_text()
    missing = {key for key, _ in properties(SCHEMA) if f"`{key}`" not in reference}
    assert missing == set()
