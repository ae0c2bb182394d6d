"""Triggers of a running service: what they are seen in, what they start, and that they end."""
import json
import pathlib
import urllib.error

import steady

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "config" / "examples" / "triggers.yaml"

SERIES = 'steady_trigger_active{kind="channel",name="clock.ticks",when="fill > 50%",colour="red"} '
VARIABLES = ("STATE", "KIND", "NAME", "WHEN", "COLOUR", "VALUE")


def fills_up(command):
    """A channel that fills when its reader is stopped; the command runs in a shell."""
    return f"""steadyd: 1
name: alarm
actors:
  clock: {{plugin: ticker, params: {{interval: 1ms}}}}
  sink:  {{plugin: "null"}}
channels:
  - from: clock.ticks
    to: sink.items
    capacity: 256
    triggers: [{{when: fill > 50%, for: 50ms, colour: red, on_trigger: [sh, -c, {json.dumps(command)}]}}]
"""


def readiness(service):
    """What /readyz?verbose says, ready or not."""
    try:
        return service.http("/readyz?verbose")
    except urllib.error.HTTPError as error:
        return error.read().decode()


def trigger(service):
    return json.loads(service.http("/graph.json"))["channels"][0]["triggers"][0]


def wait_active(service, active):
    steady.wait_until(lambda: trigger(service)["active"] == active, f"the trigger's active is {active}")


def test_a_channel_that_fills_up_is_pointed_out_everywhere_until_it_is_empty():
    with steady.Directories() as directories:
        told = directories.root / "told"
        values = " ".join(f"$STEADY_TRIGGER_{name}," for name in VARIABLES)
        command = f'echo "$STEADY_SERVICE, {values}" >> {told}'
        with steady.Service(directories, fills_up(command)) as service:
            service.wait_ready()
            wait_active(service, False)
            assert service.ctl("stop", "sink").returncode == 0
            service.wait_state("sink", "stopped")
            wait_active(service, True)
            assert trigger(service)["value"] > 0.5
            assert SERIES + "1\n" in service.http("/metrics")
            assert "\ntrigger red: channel clock.ticks fill > 50% (is " in readiness(service)
            assert 'color="#dc2626"' in service.http("/graph.dot")
            service.wait_log(" warn ", "A trigger is active", "channel=clock.ticks", 'when="fill > 50%"', "colour=red")
            steady.wait_until(lambda: told.exists() and told.read_text().endswith("\n"), "the command has run")
            assert told.read_text().startswith("alarm, active, channel, clock.ticks, fill > 50%, red, ")

            assert service.ctl("start", "sink").returncode == 0
            wait_active(service, False)
            assert SERIES + "0\n" in service.http("/metrics")
            assert "trigger" not in readiness(service)
            service.wait_log(" info ", "A trigger has ended", "channel=clock.ticks", "after=")
            steady.wait_until(lambda: "alarm, ended, channel" in told.read_text(), "the command was told of the end")
            service.stop_and_check_nothing_is_left()


def test_a_command_that_fails_is_a_warning_and_one_that_runs_dies_with_steadyd():
    with steady.Directories() as directories:
        started = directories.root / "started"
        command = f"if [ $STEADY_TRIGGER_STATE = ended ]; then touch {started}; sleep 1000; fi; echo sorry >&2; exit 3"
        with steady.Service(directories, fills_up(command)) as service:
            service.wait_ready()
            service.ctl("stop", "sink")
            service.wait_log(" warn ", "The command of a trigger failed", 'why="exit code 3: sorry"')
            service.ctl("start", "sink")
            steady.wait_until(started.exists, "the command runs")
            assert steady.processes_with(str(started)) != []
            assert service.stop() == 0
            steady.wait_until(lambda: steady.processes_with(str(started)) == [], "the command is gone")


def test_the_example_runs():
    with steady.Directories() as directories:
        told = directories.root / "told"
        with steady.Service(directories, EXAMPLE.read_text(), environment={"TRIGGER_LOG": str(told)}) as service:
            service.wait_ready()
            steady.wait_until(lambda: told.exists() and "clock.ticks ended\n" in told.read_text(), "it was active and ended")
            assert told.read_text().startswith("clock.ticks active\n")
            assert service.stop() == 0
