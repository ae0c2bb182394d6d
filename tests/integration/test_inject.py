"""`steadyctl inject` and `replay` add messages to a channel: each once, whatever is killed meanwhile."""
import contextlib
import json
import os
import signal

import pytest

import steady
from graphs import PATIENT
from test_tap import follow, lines

GRAPH = """steadyd: 1
actors:
  source: {{plugin: ticker, type: ticker, params: {{interval: 1h{more}}}}}
  sink: {{plugin: file, type: append, params: {{path: "{out}"}}}}
channels:
  - {{from: source.ticks, to: sink.lines, capacity: {capacity}{channel}}}
"""


def graph(directories, injectable=False, capacity=64, more=""):
    return GRAPH.format(out=directories.root / "out", capacity=capacity, more=more,
                        channel=", injectable: true" if injectable else "") + PATIENT


def tick(number):
    return json.dumps({"number": number, "time": 0.5})


def file_of(directories, first, count):
    return directories.write("messages", "".join(tick(number) + "\n" for number in range(first, first + count)))


def arrived(directories, least=1000):
    """The numbers in the whole lines that the sink has written, without those of the ticker itself."""
    out = directories.root / "out"
    whole = out.read_text().rpartition("\n")[0].splitlines() if out.exists() else []
    return [number for number in (json.loads(line)["number"] for line in whole) if number >= least]


def wait_for(directories, expected):
    steady.wait_until(lambda: len(arrived(directories)) >= len(expected), f"{len(expected)} messages have arrived")
    assert arrived(directories) == expected


def stop(service, actor):
    assert service.ctl("stop", actor).returncode == 0
    service.wait_state(actor, "stopped")


def test_messages_reach_the_readers_of_a_stopped_producer_once_and_in_order():
    with steady.Directories() as directories, steady.Service(directories, graph(directories)) as service:
        service.wait_ready()
        stop(service, "source")
        answer = service.ctl("inject", "source.ticks", file_of(directories, 1000, 5000))
        assert (answer.returncode, answer.stdout) == (0, "5000 messages injected into source.ticks\n"), answer.stderr
        wait_for(directories, list(range(1000, 6000)))
        assert service.ctl("start", "source").returncode == 0
        service.wait_ready()
        assert service.ctl("dlq", "list").stdout == "no dead letters\n"
        assert arrived(directories) == list(range(1000, 6000))


def test_a_running_producer_is_refused_with_words_that_help():
    with steady.Directories() as directories, steady.Service(directories, graph(directories)) as service:
        service.wait_ready()
        answer = service.ctl("inject", "source.ticks", file_of(directories, 1000, 3))
        assert answer.returncode == 1
        assert "steadyctl stop source" in answer.stderr and "injectable: true" in answer.stderr
        assert arrived(directories) == []


def test_a_running_producer_puts_them_where_the_channel_is_injectable():
    with steady.Directories() as directories, steady.Service(directories, graph(directories, injectable=True)) as service:
        service.wait_ready()
        answer = service.ctl("inject", "source.ticks", file_of(directories, 1000, 3000))
        assert answer.stdout == "3000 messages injected into source.ticks\n", answer.stderr
        wait_for(directories, list(range(1000, 4000)))


def test_a_stream_that_has_ended_is_refused():
    yaml = lambda directories: graph(directories, more=", limit: 1").replace("1h", "1ms")
    with steady.Directories() as directories, steady.Service(directories, yaml(directories)) as service:
        service.wait_finished()
        answer = service.ctl("inject", "source.ticks", file_of(directories, 1000, 3))
        assert answer.returncode == 1 and "has ended; 'steadyctl start source' begins it anew" in answer.stderr


def test_a_bad_line_is_named_and_what_came_before_it_is_in():
    with steady.Directories() as directories, steady.Service(directories, graph(directories)) as service:
        service.wait_ready()
        stop(service, "source")
        bad = directories.write("bad", tick(1000) + "\n" + tick(1001) + "\n" + '{"number": -1, "time": 0}' + "\n" + tick(1003))
        answer = service.ctl("inject", "source.ticks", bad)
        assert answer.returncode == 1
        assert f"{bad}:3: field 'number': expected a whole number from 0 to 18446744073709551615, found -1" in answer.stderr
        assert "2 messages injected into source.ticks" in answer.stderr
        wait_for(directories, [1000, 1001])


def test_bytes_of_messages_and_lines_of_frames_are_taken_raw():
    with steady.Directories() as directories:
        yaml = f"""steadyd: 1
actors:
  source: {{plugin: file, type: tail, params: {{path: "{directories.root}/nothing"}}}}
  sink: {{plugin: file, type: append, params: {{path: "{directories.root}/frames"}}}}
channels: [source.lines -> sink.lines]
"""
        with steady.Service(directories, yaml) as service:
            service.wait_ready()
            stop(service, "source")
            assert service.ctl("inject", "source.lines", "--raw", directories.write("raw", "one\ntwo\n")).returncode == 0
            quoted = directories.write("quoted", '"three"\n{"hex":"666f7572"}\n')
            assert service.ctl("inject", "source.lines", quoted).returncode == 0
            written = lambda: (directories.root / "frames").exists() and (directories.root / "frames").read_text()
            steady.wait_until(lambda: written() == "one\ntwo\nthree\nfour\n", "all frames have come")


def test_what_finds_no_room_waits_and_an_interrupted_steadyctl_says_how_much_is_in():
    with steady.Directories() as directories, steady.Service(directories, graph(directories)) as service:
        service.wait_ready()
        stop(service, "source")
        stop(service, "sink")
        with follow(service, "inject", "source.ticks", file_of(directories, 1000, 500)) as inject:
            steady.wait_until(lambda: service.status()["channels"][0]["inflight_messages"] == 64, "the channel is full")
            inject.send_signal(signal.SIGINT)
            _, err = inject.communicate(timeout=steady.WATCHDOG_SECONDS)
        assert inject.returncode == 1
        told = int(err.splitlines()[-1].split()[1])
        assert told <= 64 and f"{500 - told} more are stored and will follow" in err
        assert service.ctl("start", "sink").returncode == 0
        wait_for(directories, list(range(1000, 1500)))


def test_steadyd_is_killed_while_messages_wait_for_room():
    with steady.Directories() as directories, steady.Service(directories, graph(directories)) as service:
        service.wait_ready()
        stop(service, "source")
        stop(service, "sink")
        with follow(service, "inject", "source.ticks", file_of(directories, 1000, 1500)) as inject:
            steady.wait_until(lambda: service.status()["channels"][0]["inflight_messages"] == 64, "the channel is full")
            service.kill_steadyd()
            service.start()
            out, err = inject.communicate(timeout=steady.WATCHDOG_SECONDS)
        assert out == "1500 messages injected into source.ticks\n", err
        wait_for(directories, list(range(1000, 2500)))


def kill(service, who):
    """SIGKILL for the worker of an actor, for steadyd, or for all at once. Returns whether there was one to kill."""
    if who in ("source", "sink"):
        return service.kill_actor(who)
    if who == "all":
        service.kill_actor("source")
    service.kill_steadyd()
    service.start()
    service.wait_ready()
    return True


@pytest.mark.parametrize("who", ["steadyd", "source", "sink", "all"])
def test_kills_during_an_injection_neither_lose_nor_double_a_message(who):
    count = 4000 if steady.SANITIZED else 12000
    with steady.Directories() as directories, steady.Service(directories, graph(directories, injectable=True)) as service:
        service.wait_ready()
        sink = service.actor("sink")["pid"]
        os.kill(sink, signal.SIGSTOP)  # the injection cannot end before the first kill
        with follow(service, "inject", "source.ticks", file_of(directories, 1000, count)) as inject:
            steady.wait_until(lambda: service.status()["channels"][0]["inflight_messages"] == 64, "the channel is full")
            kills = kill(service, who)
            with contextlib.suppress(ProcessLookupError):
                os.kill(sink, signal.SIGCONT)
            while inject.poll() is None and kills < 40:
                seen = len(arrived(directories))
                steady.wait_until(lambda: inject.poll() is not None or len(arrived(directories)) > seen, "some have come")
                kills += kill(service, who)
            out, err = inject.communicate(timeout=steady.WATCHDOG_SECONDS)
        assert out == f"{count} messages injected into source.ticks\n", err
        wait_for(directories, list(range(1000, 1000 + count)))
        assert service.ctl("dlq", "list").stdout == "no dead letters\n"


def test_steadyd_finishes_the_commit_of_a_producer_that_died_in_it_before_it_adds_anything():
    with steady.Directories() as directories:
        yaml = graph(directories).replace("1h", "1ms").replace("type: ticker,", "type: ticker, restart: temporary,")
        stop_there = {"STEADY_DEBUG_COMMIT_STOP": "source:3:20"}
        with steady.Service(directories, yaml, environment=stop_there) as service:
            pid = steady.wait_until(lambda: service.actor("source")["pid"], "the source runs")
            steady.wait_until(lambda: steady.is_stopped(pid), "the source stands in its commit")
            os.kill(pid, signal.SIGKILL)
            service.wait_state("source", "stopped", "failed", "finished")
            steady.wait_until(lambda: service.status()["channels"][0]["inflight_messages"] == 0, "what was visible is read")
            answer = service.ctl("inject", "source.ticks", file_of(directories, 1000, 10))
            assert answer.returncode == 0, answer.stderr
            steady.wait_until(lambda: len(arrived(directories)) == 10, "all have come")
            found = [json.loads(line)["number"] for line in (directories.root / "out").read_text().splitlines()]
            assert len(found) == 30  # the tick of the commit that was decided came first
            assert found == list(range(found[0], found[0] + 20)) + list(range(1000, 1010))


def test_a_recording_is_replayed_on_its_channel_and_on_no_other():
    with steady.Directories() as directories:
        yaml = graph(directories, capacity=2048)
        with steady.Service(directories, yaml) as service:
            service.wait_ready()
            stop(service, "source")
            recording = directories.root / "rec"
            with follow(service, "record", "source.ticks", recording, "-n", 300) as record:
                steady.wait_until(lambda: recording.exists() and recording.stat().st_size, "the recording has begun")
                assert service.ctl("inject", "source.ticks", file_of(directories, 1000, 300)).returncode == 0
                record.communicate(timeout=steady.WATCHDOG_SECONDS)
            shown = [line["message"]["number"] for line in lines(recording.read_text())[1:]]
            assert shown == list(range(1000, 1300))
            answer = service.ctl("replay", recording)
            assert answer.stdout == "300 messages injected into source.ticks\n", answer.stderr
            wait_for(directories, list(range(1000, 1300)) * 2)
            other = directories.write("other", recording.read_text().replace('"size":16', '"size":24'))
            answer = service.ctl("replay", other)
            assert answer.returncode == 1 and "channel source.ticks carries" in answer.stderr
            assert service.ctl("replay", directories.write("none", "{}\n")).returncode == 1
