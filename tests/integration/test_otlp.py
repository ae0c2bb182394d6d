"""Metrics pushed to an OTLP/HTTP receiver, here one of Python's; its answers may be refusals, or none at all."""
import contextlib
import http.server
import json
import socket
import threading

import pytest

import steady
from graphs import trio

pytestmark = pytest.mark.skipif(not (steady.BIN / "steadyd-otlp").exists(), reason="built without libcurl")


class Receiver:
    """Takes what is posted to /v1/metrics; answers with `status`."""

    def __init__(self, status=200):
        self.status = status
        self.documents = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert (self.path, self.headers["Content-Type"]) == ("/v1/metrics", "application/json")
                receiver.documents.append(json.loads(body))
                self.send_response(receiver.status)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/metrics"


@contextlib.contextmanager
def pushing_to(url):
    yaml = trio() + f"telemetry: {{otlp: '{url}', otlp_interval: 100ms}}\n"
    with steady.Directories() as directories, \
            steady.Service(directories, yaml, environment={"no_proxy": "*"}) as service:
        service.wait_ready()
        yield service
        assert service.stop() == 0
        assert steady.processes_with(str(directories.root)) == []


def check_point(point, value):
    assert int(point["timeUnixNano"]) > 1_600_000_000 * 10**9
    assert all(set(attribute) == {"key", "value"} and isinstance(attribute["value"]["stringValue"], str)
               for attribute in point["attributes"])
    assert all(key in point for key in value)


def check_metric(metric):
    """The shape that the protocol's definition gives it, exactly one kind of data."""
    assert isinstance(metric["name"], str) and isinstance(metric["description"], str)
    (kind,) = set(metric) & {"gauge", "sum", "histogram"}
    data = metric[kind]
    if kind != "gauge":
        assert data["aggregationTemporality"] == 2
    if kind == "sum":
        assert data["isMonotonic"] is True
    for point in data["dataPoints"]:
        check_point(point, {"count", "sum", "bucketCounts", "explicitBounds"} if kind == "histogram" else {"asDouble"})
        if kind == "histogram":
            assert len(point["bucketCounts"]) == len(point["explicitBounds"]) + 1
            assert sum(map(int, point["bucketCounts"])) == int(point["count"])
            assert point["explicitBounds"] == sorted(point["explicitBounds"])


def metrics_of(document):
    (resource,) = document["resourceMetrics"]
    (scope,) = resource["scopeMetrics"]
    return {metric["name"]: metric for metric in scope["metrics"]}


def sent(document):
    """Messages on the first channel."""
    return metrics_of(document)["steady_channel_messages_sent_total"]["sum"]["dataPoints"][0]["asDouble"]


def test_every_interval_the_receiver_gets_all_metrics():
    receiver = Receiver()
    with pushing_to(receiver.url) as service:
        pushed = receiver.documents
        steady.wait_until(lambda: len(pushed) >= 3 and sent(pushed[-1]) > sent(pushed[0]), "three pushes of a flow")
        exposed = {line.split()[2] for line in service.http("/metrics").splitlines() if line.startswith("# TYPE")}
    for document in receiver.documents:
        for metric in metrics_of(document).values():
            check_metric(metric)
    last = receiver.documents[-1]
    resource = last["resourceMetrics"][0]["resource"]
    assert {"key": "service.name", "value": {"stringValue": "trio"}} in resource["attributes"]
    assert set(metrics_of(last)) == exposed


def test_a_receiver_that_refuses_is_named_once_and_tried_again():
    receiver = Receiver(status=503)
    with pushing_to(receiver.url) as service:
        service.wait_log("Metrics could not be pushed", "HTTP 503")
        count = len(receiver.documents)
        steady.wait_until(lambda: len(receiver.documents) >= count + 3, "it is tried again")
        assert service.log().count("Metrics could not be pushed") == 1
        receiver.status = 200
        service.wait_log("Metrics are pushed again")


def test_nobody_listening_harms_nobody():
    receiver = Receiver()
    receiver.server.shutdown()
    receiver.server.server_close()
    with pushing_to(receiver.url) as service:
        service.wait_log("Metrics could not be pushed", receiver.url)
        assert service.status()["ready"]


def test_a_receiver_that_never_answers_does_not_hold_the_daemon():
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        with pushing_to(f"http://127.0.0.1:{silent.getsockname()[1]}/v1/metrics") as service:
            connection, _ = silent.accept()
            assert service.status()["ready"]
            assert service.stop() == 0
            connection.close()


@pytest.mark.parametrize("request_text", ["", "http://127.0.0.1:1/\n", "ftp://127.0.0.1:1/\n{}\n", "nonsense\n{}\n"])
def test_the_program_by_itself_refuses_what_it_cannot_post(request_text):
    answer = steady.run(steady.BIN / "steadyd-otlp", input=request_text)
    assert answer.returncode == 1
    assert answer.stderr
