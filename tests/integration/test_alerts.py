"""A real Prometheus with the shipped rules notices what happens to a real steadyd."""
import contextlib
import json
import pathlib
import re
import shutil
import socket
import subprocess
import urllib.request

import pytest

import steady

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")
ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = sorted((ROOT / "config/prometheus").glob("*.rules.yaml"))


class Prometheus:
    """A Prometheus that scrapes a service every second, by the shipped configuration."""

    def __init__(self, directories, service):
        self.directories = directories
        scrape = (ROOT / "config/prometheus/scrape.yaml").read_text()
        scrape = scrape.replace("127.0.0.1:9900", f"127.0.0.1:{service.port()}")
        scrape = scrape.replace("scrape_interval: 15s", "scrape_interval: 1s")
        self.config = directories.write("prometheus.yml", "global: {evaluation_interval: 1s}\n" + scrape)
        for path in RULES:
            # As shipped, but for their patience: what holds for minutes there is an alert after a second here.
            directories.write(path.name, re.sub(r"(?m)^( +for:) \w+$", r"\1 1s", path.read_text()))
        with socket.create_server(("127.0.0.1", 0)) as reserved:
            self.port = reserved.getsockname()[1]
        self.log = directories.root / "prometheus.log"

    def __enter__(self):
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={self.config}", f"--storage.tsdb.path={self.directories.root / 'data'}",
                 f"--web.listen-address=127.0.0.1:{self.port}"], stdout=output, stderr=output)
        return self

    def __exit__(self, kind, *_):
        self.process.terminate()
        self.process.wait()
        if kind is not None:
            print(self.log.read_text()[-3000:])

    def ask(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}", timeout=10) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None  # it is not up yet

    def wait_scraped(self):
        steady.wait_until(lambda: (self.ask("query?query=steady_ready") or {}).get("result"), "Prometheus has scraped")

    def firing(self):
        """name -> alert of all that fire now."""
        alerts = (self.ask("alerts") or {}).get("alerts", [])
        return {alert["labels"]["alertname"]: alert for alert in alerts if alert["state"] == "firing"}

    def wait_alerts(self, *names):
        """Waits until all of `names` fire; returns everything that does."""
        return steady.wait_until(lambda: (firing := self.firing()).keys() >= set(names) and firing, f"{names} fire")

    def wait_silence(self, *names):
        steady.wait_until(lambda: not self.firing().keys() & set(names), f"{names} fire no more")


@contextlib.contextmanager
def watched(yaml):
    """A service, and a Prometheus that has seen it healthy."""
    with steady.Directories() as directories, steady.Service(directories, yaml) as service:
        service.wait_ready()
        with Prometheus(directories, service) as prometheus:
            prometheus.wait_scraped()
            yield service, prometheus


def graph(supervision=""):
    """A clock and a sink; the channel between them is never full while the sink runs."""
    return f"""steadyd: 1
actors:
  clock: {{plugin: ticker, params: {{interval: 1ms}}}}
  sink:  {{plugin: "null"}}
channels: [{{from: clock.ticks, to: sink.items, capacity: 64}}]
{supervision}"""


def test_a_sink_that_is_stopped_is_down_and_its_channel_full_until_it_starts_again():
    with watched(graph()) as (service, prometheus):
        assert service.ctl("stop", "sink").returncode == 0
        firing = prometheus.wait_alerts("SteadydNotReady", "SteadyActorDown", "SteadyChannelFull")
        down, full = firing["SteadyActorDown"], firing["SteadyChannelFull"]
        assert down["labels"]["actor"] == "sink" and down["labels"]["severity"] == "warning"
        assert "`steadyctl start sink`" in down["annotations"]["description"]
        assert full["labels"]["channel"] == "clock.ticks" and full["labels"]["to"] == "sink.items"
        assert service.ctl("start", "sink").returncode == 0
        prometheus.wait_silence("SteadydNotReady", "SteadyActorDown", "SteadyChannelFull")
        assert service.stop() == 0


def test_an_actor_that_is_killed_and_may_not_start_again_has_failed():
    with watched(graph("supervision: {intensity: 0}\n")) as (service, prometheus):
        assert service.kill_actor("sink")
        firing = prometheus.wait_alerts("SteadydNotReady", "SteadyActorFailed", "SteadySupervisorGaveUp")
        assert firing["SteadySupervisorGaveUp"]["labels"]["supervisor"] == "root"
        assert "`steadyctl incidents" in firing["SteadyActorFailed"]["annotations"]["description"]
        assert service.ctl("incidents", "sink").returncode == 0
        assert service.stop() == 0


def test_a_steadyd_that_is_killed_is_absent():
    with watched(graph()) as (service, prometheus):
        service.kill_steadyd()
        assert prometheus.wait_alerts("SteadydAbsent")["SteadydAbsent"]["labels"]["severity"] == "critical"
