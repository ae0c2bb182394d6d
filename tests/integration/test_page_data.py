"""What the live page is fed with: the stream of graphs, and the details of one actor or channel."""
import http.client
import json
import urllib.error
import urllib.request

import pytest

import graphs
import steady

ACTORS = "actors: {clock: {plugin: ticker, params: {interval: 10ms}}, sink: {plugin: 'null'}}"
CLOCK = f"steadyd: 1\nname: clock\n{ACTORS}\nchannels: [clock.ticks -> sink.items]\n"


class Stream:
    """An EventSource: the events of /events, one after the other."""

    def __init__(self, service):
        self.answer = urllib.request.urlopen(f"http://127.0.0.1:{service.port()}/events",
                                             timeout=steady.WATCHDOG_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answer.close()

    def next(self):
        """The document of the next event."""
        name, data, end = (self.answer.readline() for _ in range(3))
        assert name == b"event: graph\n" and data.startswith(b"data: ") and end == b"\n", (name, data[:80], end)
        return json.loads(data[6:])


def test_the_stream_begins_at_once_and_goes_on():
    with steady.Directories() as directories, steady.Service(directories, graphs.trio()) as service:
        service.wait_ready()
        with Stream(service) as stream:
            assert stream.answer.headers["Content-Type"] == "text/event-stream"
            first = stream.next()
            assert [actor["name"] for actor in first["actors"]] == list(graphs.TRIO)
            later = [stream.next() for _ in range(3)]
            times = [graph["uptime_seconds"] for graph in (first, *later)]
            assert times == sorted(times) and len(set(times)) == len(times)
            sent = first["channels"][0]["messages_sent"]
            steady.wait_until(lambda: stream.next()["channels"][0]["messages_sent"] > sent, "messages flow on the page")
        service.stop_and_check_nothing_is_left()


def test_a_reader_that_is_stuck_keeps_nobody_waiting():
    with steady.Directories() as directories, steady.Service(directories, CLOCK) as service:
        service.wait_ready()
        stuck = [Stream(service) for _ in range(10)]
        with Stream(service) as stream:
            for _ in range(3):
                assert stream.next()["ready"]
        assert "steady_ready 1" in service.http("/metrics")
        for reader in stuck:
            reader.answer.close()
        service.stop_and_check_nothing_is_left()


def test_a_stop_ends_the_stream():
    with steady.Directories() as directories, steady.Service(directories, CLOCK) as service:
        service.wait_ready()
        with Stream(service) as stream:
            stream.next()
            assert service.stop() == 0
            with pytest.raises((AssertionError, OSError, http.client.HTTPException)):
                while True:
                    stream.next()


def details(service, query):
    return json.loads(service.http(f"/details.json?{query}"))


def measured(history, series):
    return [value for value in history["fine"][series] if value is not None]


def test_the_details_of_an_actor_have_its_settings_its_past_and_its_deaths():
    yaml = graphs.trio(generator="crash_every: 300ms, crash_kind: abort")
    with steady.Directories() as directories, steady.Service(directories, yaml, crashes=True) as service:
        service.wait_generation("generator", 2)
        steady.wait_until(lambda: details(service, "actor=generator")["incidents"], "an incident is there")
        found = details(service, "actor=generator")
        assert found["params"]["crash_kind"] == "abort" and found["params"]["limit"] == "0"
        assert found["restart"] == "permanent" and found["wait"] == "adaptive"
        assert any("Worker died" in line["text"] for line in found["log"])
        assert "incident" in found["incidents"][0]["text"] and found["incidents"][0]["cause"] == "abort"
        steady.wait_until(lambda: measured(details(service, "actor=auditor")["history"], "cpu"), "its cpu was measured")
        history = details(service, "actor=auditor")["history"]
        assert history["fine"]["step_seconds"] == 1 and history["coarse"]["step_seconds"] == 20
        for resolution in history.values():
            assert {len(series) for series in resolution.values() if isinstance(series, list)} == {180}


def test_the_details_of_a_channel_have_its_past():
    with steady.Directories() as directories, steady.Service(directories, CLOCK) as service:
        service.wait_ready()
        steady.wait_until(lambda: any(measured(details(service, "channel=clock.ticks")["history"], "rate")),
                          "its rate was measured")
        found = details(service, "channel=clock.ticks")
        assert found["channel"] == "clock.ticks" and found["dead_letters"] == []


@pytest.mark.parametrize("query, code", [("actor=nobody", 404), ("channel=no.body", 404), ("", 400), ("actor", 400)])
def test_details_of_what_is_not_there_are_refused(query, code):
    with steady.Directories() as directories, steady.Service(directories, CLOCK) as service:
        with pytest.raises(urllib.error.HTTPError) as refusal:
            details(service, query)
        assert refusal.value.code == code
