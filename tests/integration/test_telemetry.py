"""What the outside sees over HTTP, held against the programs that will read it: promtool, GraphViz, Prometheus."""
import json
import shutil
import socket
import subprocess
import urllib.error
import urllib.request

import pytest

import steady
from graphs import trio

BAD = "  bad: {plugin: step_throws}\n"
GIVES_UP_SOON = "supervision: {intensity: 1, backoff: {first: 0ms, min: 1ms}}\n"


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def get(service, path):
    """Status code and text."""
    try:
        return 200, service.http(path)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def ask_prometheus(port, query):
    url = f"http://127.0.0.1:{port}/api/v1/query?query={query}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]["result"]
    except OSError:
        return []


@needs("promtool")
def test_promtool_accepts_the_metrics(service):
    checked = subprocess.run(["promtool", "check", "metrics"], input=service.http("/metrics"), text=True,
                             capture_output=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert not checked.stdout + checked.stderr


def test_the_metrics_of_the_contract_are_there(service):
    metrics = service.http("/metrics")
    for name in ("steady_channel_messages_sent_total", "steady_channel_messages_received_total",
                 "steady_channel_bytes_sent_total", "steady_channel_inflight_messages",
                 "steady_channel_capacity_messages", "steady_channel_fill_ratio",
                 "steady_channel_blocked_seconds_total", "steady_actor_up", "steady_actor_state",
                 "steady_actor_generation", "steady_actor_steps_total", "steady_actor_cpu_seconds_total",
                 "steady_actor_memory_bytes", "steady_actor_dead_letters_total", "steady_supervisor_restarts_remaining", "steady_supervisor_failed",
                 "steady_segments_quarantined_total", "steady_build_info", "steady_user_checked_total"):
        assert f"\n{name}{{" in metrics or f"\n{name} " in metrics, name
        assert f"# HELP {name} " in metrics and f"# TYPE {name} " in metrics, name


@needs("dot")
def test_dot_accepts_the_graph(service):
    drawn = subprocess.run(["dot", "-Tsvg"], input=service.http("/graph.dot"), text=True, capture_output=True)
    assert drawn.returncode == 0, drawn.stderr
    assert "auditor" in drawn.stdout


def test_the_json_graph_says_what_status_says(service):
    graph = json.loads(service.http("/graph.json"))
    assert [actor["name"] for actor in graph["actors"]] == [actor["name"] for actor in service.status()["actors"]]


def test_a_healthy_service_says_so(service):
    assert get(service, "/healthz")[0] == 200
    assert get(service, "/readyz")[0] == 200
    assert get(service, "/")[0] == 200
    assert get(service, "/nothing-here")[0] == 404


def test_a_failed_actor_makes_it_unready_with_the_reason_and_stays_healthy():
    yaml = trio(actors=BAD, supervision=GIVES_UP_SOON)
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_state("bad", "failed")
        code, text = get(service, "/readyz")
        assert code == 503
        assert "bad" in text and "out of step" in text
        assert get(service, "/healthz")[0] == 200
        assert 'steady_actor_up{actor="bad"} 0' in service.http("/metrics")
        assert 'steady_actor_up{actor="auditor"} 1' in service.http("/metrics")
        assert service.stop() == 0


def test_idle_and_slow_connections_do_not_stop_a_scrape(service):
    port = service.port()
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
    try:
        for connection in connections[50:]:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ")  # and never ends
        for _ in range(3):
            assert "steady_actor_up" in service.http("/metrics")
    finally:
        for connection in connections:
            connection.close()
    assert "steady_actor_up" in service.http("/metrics")


def test_readers_that_go_away_in_the_middle_harm_nobody(service):
    before = steady.descriptors_at_rest(service.process.pid)
    for _ in range(100):
        with socket.create_connection(("127.0.0.1", service.port())) as connection:
            connection.sendall(b"GET /graph.json HTTP/1.1\r\nHost: x\r\n\r\n")
    assert "steady_actor_up" in service.http("/metrics")
    steady.wait_until(lambda: len(steady.descriptors(service.process.pid)) <= len(before), "connections are closed")


@pytest.mark.parametrize("request_bytes", [b"\x00\xff\r\n\r\n", b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345",
                                           b"GET " + b"/" * 100_000 + b" HTTP/1.1\r\n\r\n",
                                           b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
                                           b"DELETE / HTTP/1.1\r\nHost: x\r\n\r\n"], ids=lambda text: repr(text[:20]))
def test_hostile_requests_are_refused(service, request_bytes):
    with socket.create_connection(("127.0.0.1", service.port())) as connection:
        connection.settimeout(30)
        answer = b""
        try:
            connection.sendall(request_bytes)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(100)
        except OSError:
            pass  # refused before all of it was sent
        assert not answer.startswith(b"HTTP/1.1 200")
    assert get(service, "/healthz")[0] == 200


@needs("prometheus")
def test_a_real_prometheus_scrapes_it(service):
    with steady.Directories() as directories, socket.create_server(("127.0.0.1", 0)) as reserved:
        config = directories.write("prometheus.yml", f"""
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: steadyd
    static_configs: [{{targets: ["127.0.0.1:{service.port()}"]}}]
""")
        port = reserved.getsockname()[1]
        reserved.close()
        log = directories.root / "prometheus.log"
        with open(log, "wb") as output:
            prometheus = subprocess.Popen(
                ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={directories.root / 'data'}",
                 f"--web.listen-address=127.0.0.1:{port}"], stdout=output, stderr=output)
        try:
            steady.wait_until(lambda: [found["value"][1] for found in ask_prometheus(port, "up")] == ["1"],
                              "Prometheus has scraped")
            actors = {found["metric"]["actor"] for found in ask_prometheus(port, "steady_actor_up")}
            assert actors == {"generator", "fizzbuzz", "auditor"}
        finally:
            prometheus.terminate()
            prometheus.wait()
            print(log.read_text()[-3000:])
