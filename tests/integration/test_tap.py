"""`steadyctl tap` and `record` look into rings of running actors, and nothing notices."""
import json
import os
import signal
import subprocess

import steady
from graphs import COMPLAINTS, PATIENT, assert_flows, trio

TICKS = """steadyd: 1
actors:
  source: {{plugin: ticker, type: ticker, params: {{interval: {interval}{more}}}}}
  sink: {{plugin: file, type: append, params: {{path: "{out}"}}}}
channels:
  - {{from: source.ticks, to: sink.lines, capacity: 256}}
"""


def ticks(directories, interval="5ms", more=""):
    return TICKS.format(interval=interval, more=more, out=directories.root / "out")


def follow(service, *command):
    """A steadyctl that runs beside the test."""
    return subprocess.Popen([str(steady.BIN / "steadyctl"), "--socket", str(service.socket), *map(str, command)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_what_waits_is_shown_and_stays():
    with steady.Directories() as directories, steady.Service(directories, ticks(directories)) as service:
        service.wait_ready()
        assert service.ctl("stop", "sink").returncode == 0
        service.wait_state("sink", "stopped")
        waiting = lambda: service.status()["channels"][0]["inflight_messages"]
        steady.wait_until(lambda: waiting() >= 10, "ten ticks wait")
        assert service.ctl("stop", "source").returncode == 0
        service.wait_state("source", "stopped")
        count = waiting()
        shown = lines(service.ctl("tap", "source.ticks").stdout)
        assert len(shown) == count == waiting()
        assert [each["message"]["number"] for each in shown] == [each["sequence"] for each in shown]
        assert lines(service.ctl("tap", "source.ticks", "-n", 3).stdout) == shown[-3:]
        raw = subprocess.run([str(steady.BIN / "steadyctl"), "--socket", str(service.socket), "tap", "source.ticks", "--raw"],
                             capture_output=True)
        assert len(raw.stdout) == 16 * count


def test_a_follower_sees_every_message_of_a_channel_whose_reader_keeps_up():
    with steady.Directories() as directories, steady.Service(directories, ticks(directories)) as service:
        sent = lambda: service.status()["channels"][0]["messages_sent"]
        with follow(service, "tap", "source.ticks", "--follow") as tap:
            first = json.loads(tap.stdout.readline())["sequence"]  # it has begun, so it sees the end, too
            steady.wait_until(lambda: sent() >= first + 400, "the ring has gone round")
            assert service.ctl("drain").returncode == 0
            rest, err = tap.stdout.read(), tap.stderr.read()
        assert [each["sequence"] for each in lines(rest)] == list(range(first + 1, sent()))
        assert "has ended" in err and "skipped" not in err
        assert tap.returncode == 0


def test_frames_are_shown_as_text():
    with steady.Directories() as directories:
        source = directories.write("in", "one\ntwo\n\u00e9\n")
        yaml = f"""steadyd: 1
actors:
  source: {{plugin: file, type: tail, params: {{path: "{source}"}}}}
  sink: {{plugin: file, type: append, params: {{path: "{directories.root}/out"}}}}
channels: [source.lines -> sink.lines]
"""
        with steady.Service(directories, yaml) as service:
            taken = lambda: service.status()["channels"][0]["readers"][0]["messages_received"]
            steady.wait_until(lambda: taken() == 3, "what was there is through")
            with follow(service, "record", "source.lines", directories.root / "rec", "-n", 2) as record:
                shown = lambda: (directories.root / "rec").exists() and (directories.root / "rec").stat().st_size
                steady.wait_until(shown, "the recording has begun")
                with open(source, "a") as more:
                    more.write("three\nfour\n")
                out, _ = record.communicate(timeout=steady.WATCHDOG_SECONDS)
            assert record.returncode == 0 and out.startswith("2 messages of channel source.lines recorded in ")
            header, *rest = lines((directories.root / "rec").read_text())
            assert header == {"steadyd_recording": 1, "channel": "source.lines", "message": "frames"}
            texts = [line["message"] for line in rest]
            assert texts == ["three", "four"] == [bytes.fromhex(line["hex"]).decode() for line in rest]


def test_the_fastest_channel_is_sampled_without_a_torn_message_and_without_harm():
    with steady.Directories() as directories, steady.Service(directories, trio(capacity="64Ki")) as service:
        service.wait_ready()
        with follow(service, "tap", "fizzbuzz.verdicts", "--follow") as tap:
            seen = []
            for line in tap.stdout:
                seen.append(json.loads(line))
                if len(seen) == 5000:
                    break
            tap.send_signal(signal.SIGINT)
            tap.communicate(timeout=steady.WATCHDOG_SECONDS)
        assert [each["sequence"] for each in seen] == sorted({each["sequence"] for each in seen})
        kinds = {(0, 0): 3, (0, 1): 1, (1, 0): 2, (1, 1): 0}
        for each in seen:
            value, kind = each["message"]["value"], each["message"]["kind"]
            assert value == each["sequence"]
            assert kind == kinds[(int(value % 3 != 0), int(value % 5 != 0))]
        assert_flows(service)
        assert all(service.metric("auditor", name) == 0 for name in COMPLAINTS)


def test_a_tap_goes_on_when_actors_and_steadyd_are_killed():
    with steady.Directories() as directories, steady.Service(directories, ticks(directories) + PATIENT) as service:
        service.wait_ready()
        with follow(service, "tap", "source.ticks", "--follow") as tap:
            numbers = []

            def read(count):
                for _ in range(count):
                    numbers.append(json.loads(tap.stdout.readline())["sequence"])

            read(3)
            service.kill_actor("source")
            read(20)
            service.kill_steadyd()
            service.start()
            read(60)
            tap.send_signal(signal.SIGINT)
            tap.communicate(timeout=steady.WATCHDOG_SECONDS)
        assert numbers == sorted(set(numbers))


def test_a_tap_ends_when_its_channel_is_made_anew():
    with steady.Directories() as directories, steady.Service(directories, ticks(directories)) as service:
        service.wait_ready()
        with follow(service, "tap", "source.ticks", "--follow") as tap:
            assert json.loads(tap.stdout.readline())
            for ring in directories.runtime.glob("segments/*.ring"):
                os.unlink(ring)
            _, err = tap.communicate(timeout=steady.WATCHDOG_SECONDS)
        assert "is another one now, or gone" in err and tap.returncode == 0
        service.kill_steadyd()


def test_an_unknown_channel_is_refused():
    with steady.Directories() as directories, steady.Service(directories, ticks(directories)) as service:
        answer = service.ctl("tap", "source.tick")
        assert answer.returncode == 1 and "there is no channel 'source.tick'" in answer.stderr
