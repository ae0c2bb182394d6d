"""The live page of a real steadyd, in a real browser."""
import json
import socket
import urllib.error
import urllib.request

import pytest

import steady
from browser import ENTER, ESCAPE, RIGHT
from graphs import trio

# Two replicas of one branch, which may be folded; few enough to be unfolded at first.
SPARE = """  spare-1: {plugin: demo, type: auditor}
  spare-2: {plugin: demo, type: auditor}
"""
# A crash that stays for as long as it takes to be seen; the operator ends it.
DOWN_FOR_LONG = "supervision: {backoff: {first: 10m, min: 10m, max: 10m}}\n"


def yaml():
    """The trio, with two more auditors of the same verdicts."""
    everybody = "to: [auditor.verdicts, spare-1.verdicts, spare-2.verdicts]"
    return trio(actors=SPARE).replace("to: auditor.verdicts", everybody)


def serves(service, path):
    """Whether it answers there at all; what it does not have yet the page does without, and the browser complains."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{service.port()}{path}", timeout=30):
            return True
    except urllib.error.HTTPError:
        return False


def look_at(page, service):
    for path in ("/events", "/details.json?actor=fizzbuzz"):
        if not serves(service, path):
            page.allow(path.partition("?")[0])
    page.open(f"http://127.0.0.1:{service.port()}/")


@pytest.fixture(name="service", scope="module")
def running_service():
    with steady.Directories() as directories, steady.Service(directories, yaml()) as service:
        service.wait_ready()
        yield service
        assert service.stop() == 0


@pytest.fixture(name="looked_at")
def service_on_the_page(page, service):
    look_at(page, service)
    yield service
    page.driver.get("about:blank")


def test_boxes_and_lines_are_those_of_the_graph(page, looked_at):
    graph = json.loads(looked_at.http("/graph.json"))
    assert set(page.boxes()) == {actor["name"] for actor in graph["actors"]}
    assert set(page.edges()) == {f"{channel['name']} {reader['actor']}.{reader['port']}"
                                 for channel in graph["channels"] for reader in channel["readers"]}
    assert {row[0] for row in page.rows("actors")} == set(page.boxes())
    assert len(page.rows("channels")) == len(page.edges())
    assert page.js("return document.title") == "trio — live"
    assert page.marked("down") == (set(), set())
    page.wait(lambda: page.edges()["generator.numbers fizzbuzz.numbers"]["moves"], "what flows moves")


def test_screenshots_in_both_colours(page, looked_at):
    page.wait(lambda: "flow-0" not in page.edges()["generator.numbers fizzbuzz.numbers"]["classes"], "something flows")
    page.screenshot("page-light")
    page.emulate(prefers_color_scheme="dark")
    page.click_box("fizzbuzz")
    page.wait(lambda: page.details().startswith("fizzbuzz"), "details are open")
    page.wait(lambda: page.charts() or "tells nothing of its past" in page.details(), "and complete")
    page.screenshot("page-dark-details")
    assert looked_at.status()["ready"]


@pytest.mark.parametrize("by", ["click", "key"])
def test_details_of_an_actor_and_a_channel_open(page, looked_at, by):
    def open_part(selector):
        if by == "click":
            page.click(selector)
        else:
            page.focus(selector)
            page.keys(ENTER)

    open_part('[data-node="fizzbuzz"]')
    page.wait(lambda: page.details().startswith("fizzbuzz"), "the details of an actor")
    if serves(looked_at, "/details.json?actor=fizzbuzz"):
        page.wait(lambda: len(page.charts()) == 5, "its charts")
    page.keys(ESCAPE)
    assert page.details() == ""
    open_part('.label[data-edge="generator.numbers fizzbuzz.numbers"]')
    page.wait(lambda: page.details().startswith("generator.numbers"), "the details of a channel")
    if serves(looked_at, "/details.json?channel=generator.numbers"):
        page.wait(lambda: len(page.charts()) == 3, "its charts")


def test_search_and_arrows_find_an_actor(page, looked_at):
    page.search("spare")
    page.wait(lambda: page.text("matches") == "2 of 5", "two are found")
    assert page.marked("dim")[0] == {"generator", "fizzbuzz", "auditor"}
    page.keys(ESCAPE)
    page.focus('[data-node="generator"]')
    page.keys(RIGHT)
    assert page.js("return document.activeElement.dataset.node") == "fizzbuzz"
    assert looked_at.status()["ready"]


def test_replicas_fold_and_unfold(page, looked_at):
    page.click('[data-fold="spare-1"]')
    folded = "replicas spare demo/auditor"
    assert set(page.boxes()) == {"generator", "fizzbuzz", "auditor", folded}
    assert "spare ×2" in page.boxes()[folded]["texts"]
    page.click(f'[data-fold="{folded}"]')
    assert len(page.boxes()) == len(looked_at.status()["actors"])


def test_the_still_picture_has_every_actor(page, looked_at):
    text = page.download("#svg", "trio.svg")
    for actor in looked_at.status()["actors"]:
        assert f">{actor['name']}</text>" in text


def test_a_killed_worker_is_red_until_it_is_back(page):
    with steady.Directories() as directories, steady.Service(directories, trio(supervision=DOWN_FOR_LONG)) as service:
        service.wait_ready()
        look_at(page, service)
        page.js("window.neverReloaded = true")
        assert service.kill_actor("fizzbuzz")
        page.wait(lambda: page.marked("down")[0] == {"fizzbuzz"}, "the box is red")
        page.wait(lambda: "fizzbuzz is down" in page.problems()[0] and "signal 9" in page.problems()[0],
                  "the header says so")
        assert page.rows("actors")[0][0] == "fizzbuzz"
        page.screenshot("killed")
        assert service.ctl("start", "fizzbuzz").returncode == 0
        page.wait(lambda: page.marked("down")[0] == set(), "it is red no longer")
        page.wait(lambda: "state-running" in page.boxes()["fizzbuzz"]["classes"], "it is back")
        page.wait(lambda: "gen 1" in page.boxes()["fizzbuzz"]["label"], "as the next generation")
        assert page.js("return window.neverReloaded")
        page.driver.get("about:blank")
        assert service.stop() == 0


def test_a_stopped_daemon_leaves_a_snapshot_that_comes_back_to_life(page):
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    page.allow("ERR_")  # nobody answers for a while
    listen = f"127.0.0.1:{port}"
    with steady.Directories() as directories, steady.Service(directories, trio(), listen=listen) as service:
        service.wait_ready()
        look_at(page, service)
        assert service.stop() == 0
        page.wait(lambda: page.js("return document.title") == "trio — snapshot", "the title says snapshot")
        assert page.text("connection") == "snapshot"
        assert set(page.boxes()) == {"generator", "fizzbuzz", "auditor"}
        service.start()
        page.wait(lambda: page.js("return document.title") == "trio — live", "and live again")
        page.driver.get("about:blank")
        assert service.stop() == 0


def test_a_slowed_sink_marks_exactly_the_culprit(page):
    """The auditor's process is stopped: it takes nothing, so everybody before it waits for room."""
    with steady.Directories() as directories, steady.Service(directories, trio()) as service:
        service.wait_ready()
        running = [actor for actor in json.loads(service.http("/graph.json"))["actors"] if actor["up"]]
        if not any(actor["activity"] for actor in running):
            pytest.skip("this steadyd does not tell what its actors are doing")
        look_at(page, service)
        pid = service.actor("auditor")["pid"]
        steady.os.kill(pid, steady.signal.SIGSTOP)
        try:
            page.wait(lambda: page.marked("culprit")[0] == {"auditor"}, "the culprit is marked, and nobody else")
            page.wait(lambda: page.problems()[0].startswith("auditor holds back "), "the header says so")
            way = {"generator.numbers fizzbuzz.numbers", "fizzbuzz.verdicts auditor.verdicts"}
            page.wait(lambda: page.marked("held")[1] == way, "so is the way to it")
            assert "holds back 2" in page.boxes()["auditor"]["badges"]
            page.screenshot("culprit")
        finally:
            steady.os.kill(pid, steady.signal.SIGCONT)
        page.driver.get("about:blank")
        assert service.stop() == 0
