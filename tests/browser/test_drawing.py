"""What the page draws of documents made up here: no timing, every case that a daemon may never be caught in."""
import re
import time
import xml.etree.ElementTree

import pytest

import canned
from browser import ENTER, ESCAPE, RIGHT
from canned import Stand

REPLICAS = "replicas parse demo/parse"


@pytest.fixture(name="show")
def shown(page):
    """Opens a document; further ones are shown by the stand that it returns."""
    stands = []

    def show(document, **options):
        stands.append(Stand(document, **options).__enter__())
        page.open(stands[-1].url)
        return stands[-1]

    yield show
    page.driver.get("about:blank")  # before its server goes
    for stand in stands:
        stand.__exit__()


def numbers_in(text):
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text)]


def overlapping(places):
    """Pairs of boxes that cover each other."""
    items = sorted(places.items(), key=lambda item: item[1][0])
    found = []
    for index, (name, (x, y, width, height)) in enumerate(items):
        for other, (x2, y2, _, height2) in items[index + 1:]:
            if x2 >= x + width:
                break
            if y < y2 + height2 and y2 < y + height:
                found.append((name, other))
    return found


# ---- what is wrong

def test_a_slowed_sink_is_the_only_culprit_and_the_way_to_it_is_marked(page, show):
    show(canned.slowed())
    assert page.problems()[0] == "sink holds back parse, numbers (is busy)"
    assert page.marked("culprit")[0] == {"sink"}
    assert "holds back 2" in page.boxes()["sink"]["badges"]
    assert page.marked("held")[1] == {"numbers.out parse.in", "parse.out sink.in"}
    assert page.marked("locked") == (set(), set())
    assert page.rows("actors")[0][0] == "sink"
    page.screenshot("slowed-light")


def test_triggers_colour_lines_and_boxes(page, show):
    show(canned.slowed())
    assert page.marked("colour-red") == (set(), {"numbers.out parse.in", "numbers.out audit.numbers"})
    assert page.marked("colour-yellow") == (set(), {"parse.out sink.in"})
    assert page.marked("colour-orange") == ({"sink"}, set())
    assert "cpu > 90%" in page.boxes()["sink"]["badges"]
    assert "numbers.out: fill.p90 > 80% (now 97%)" in page.problems()


def test_a_deadlock_is_named_in_red(page, show):
    show(canned.deadlocked())
    assert page.problems() == ["deadlock: left waits on left.out, right waits on right.out"]
    assert page.marked("locked") == ({"left", "right"}, {"left.out right.in", "right.out left.in"})
    page.screenshot("deadlock")


def test_an_actor_that_is_down_is_red_with_the_reason(page, show):
    show(canned.failed())
    assert page.problems()[0] == "parse has failed: killed by signal 11 (Segmentation fault)"
    assert page.marked("down")[0] == {"parse", "count"}
    assert "6 incidents" in page.boxes()["parse"]["badges"]
    assert any("retry in 2.4 s" in text for text in page.boxes()["count"]["texts"])
    assert page.text("ready") == "not ready"
    assert [row[0] for row in page.rows("actors")][:2] == ["parse", "count"]


def test_when_all_is_well_it_says_so(page, show):
    stand = show(canned.healthy())
    assert page.problems() == ["All is well: every actor runs, nothing is held back."]
    stand.show({**canned.slowed(), "name": "weblog"})
    page.wait(lambda: page.marked("culprit")[0], "the culprit is marked without a reload")
    stand.show(canned.healthy())
    page.wait(lambda: page.problems() == ["All is well: every actor runs, nothing is held back."], "all is well again")


def test_incidents_and_dead_letters_are_on_the_boxes(page, show):
    show(canned.slowed())
    assert page.boxes()["parse"]["badges"] == ["2 dead letters", "3 incidents"]
    assert page.boxes()["audit"]["badges"] == []


# ---- the drawing

@pytest.mark.parametrize("document", ["healthy", "slowed", "deadlocked", "failed", "replicated", "large"])
def test_no_box_covers_another(page, show, document):
    show(getattr(canned, document)())
    assert overlapping(page.places()) == []


def test_it_flows_from_left_to_right(page, show):
    show(canned.healthy())
    places = page.places()
    for channel in canned.healthy()["channels"]:
        for reader in channel["readers"]:
            assert places[channel["from_actor"]][0] < places[reader["actor"]][0]


def test_a_line_is_thicker_the_more_flows_and_moves_only_then(page, show):
    show(canned.healthy())
    edges = page.edges()
    fast, slow, none = (edges[key] for key in ("access_log.lines parse.lines", "count.summaries report.lines",
                                              "parse.rejects rejects.lines"))
    assert fast["width"] > slow["width"] > none["width"]
    assert fast["moves"] and slow["moves"] and not none["moves"]


def test_nothing_moves_for_somebody_who_wants_no_motion(page, show):
    page.emulate(prefers_color_scheme="light", prefers_reduced_motion="reduce")
    show(canned.healthy())
    assert not any(edge["moves"] for edge in page.edges().values())


def test_nothing_moves_where_nobody_could_follow(page, show):
    show(canned.large(300, 600))
    assert len(page.edges()) == 600
    assert not any(edge["moves"] for edge in page.edges().values())


def test_text_from_outside_is_only_text(page, show):
    document = canned.healthy()
    for actor in document["actors"]:
        actor.update(note="<img src=x onerror=alert(1)>", type="</title><script>alert(1)</script>",
                     reason="<b>bold</b>", metrics=[{"name": "<i>m", "help": "", "counter": True, "value": 1}])
    document["name"] = "<script>alert(1)</script>"
    show(document)
    page.click_box("parse")
    page.wait(lambda: "<img src=x" in page.details(), "the details show the note as it is")
    page.wait(lambda: "Worker is ready <b>generation=1</b>" in " ".join(page.details().split()), "and the log")
    assert page.js("return document.querySelectorAll('img, b, i, body script').length") == 0


def test_long_names_end_in_dots(page, show):
    name = "a_name_that_is_much_too_long_for_any_box_of_a_graph_and_goes_on"
    show(canned.graph("long", [canned.actor(name)], []))
    texts = page.boxes()[name]["texts"]
    assert any(text.endswith("…") and name.startswith(text[:-1]) for text in texts)
    assert name in page.boxes()[name]["label"]
    widest = page.js("return Math.max(...[...document.querySelectorAll('.actor text')].map((text) => "
                     "text.getBBox().width))")
    assert widest < page.js("return document.querySelector('.front').getBBox().width")


def test_the_graph_can_be_zoomed_moved_and_fitted(page, show):
    show(canned.healthy())
    fitted = page.transform()
    page.click("#zoom-in")
    nearer = page.transform()
    assert numbers_in(nearer)[2] > numbers_in(fitted)[2]
    page.drag("#graph > svg", 60, 40)
    moved = page.transform()
    assert [round(after - before) for after, before in zip(numbers_in(moved), numbers_in(nearer))] == [60, 40, 0]
    assert page.details() == ""  # dragging opens nothing
    page.keys("-")
    assert numbers_in(page.transform())[2] < numbers_in(moved)[2]
    page.keys("f")
    assert page.transform() == fitted
    page.js("document.querySelector('#graph > svg').dispatchEvent(new WheelEvent('wheel', {deltaY: -300, clientX: 700, "
            "clientY: 300, cancelable: true}))")
    assert numbers_in(page.transform())[2] > numbers_in(fitted)[2]


# ---- many actors

def test_replicas_of_three_hundred_actors_are_folded_and_can_be_unfolded(page, show):
    show(canned.replicated())
    boxes = page.boxes()
    assert set(boxes) == {"source", "replicas read demo/read", REPLICAS, "replicas store demo/store", "merge", "report"}
    assert "parse ×99" in boxes[REPLICAS]["texts"]
    assert any(text.startswith("98 running · 1 not") for text in boxes[REPLICAS]["texts"])
    assert "down" in boxes[REPLICAS]["classes"]  # as its worst member
    assert page.problems() == ["parse-7 has failed: killed by signal 9 (Killed)"]
    assert len(page.edges()) == 5
    page.screenshot("folded")
    page.click_box(REPLICAS)
    page.wait(lambda: "parse-42" in page.details(), "the members are listed")
    page.click("#details button:not(.icon, .link)")
    assert len(page.boxes()) == 5 + 99
    assert "down" in page.boxes()["parse-7"]["classes"]
    assert page.details() == ""
    page.screenshot("unfolded")
    page.js("document.querySelector('[data-fold=\"parse-1\"]').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    assert len(page.boxes()) == 6


def test_the_actors_of_one_worker_can_be_folded(page, show):
    show(canned.replicated(2))
    assert len(page.boxes()) == 9  # few actors stay as they are
    page.click('[data-fold="merge"]')
    assert "worker last" in page.boxes() and len(page.boxes()) == 8
    assert "2 running · one worker" in page.boxes()["worker last"]["texts"]
    assert "memory" not in page.boxes()["worker last"]["label"] and any(
        "8.0 MiB" in text for text in page.boxes()["worker last"]["texts"])  # of one process, not twice


def test_numbered_stages_of_a_pipeline_are_no_replicas(page, show):
    names = [f"stage{index}" for index in range(80)]
    show(canned.graph("pipeline", [canned.actor(name) for name in names],
                      [canned.channel(f"{a}.out", f"{b}.in") for a, b in zip(names, names[1:])]))
    assert len(page.boxes()) == 80


def test_a_thousand_actors_and_two_thousand_channels_can_be_used(page, show):
    begun = time.monotonic()
    stand = show(canned.large())
    shown = time.monotonic()
    assert len(page.boxes()) == 1000 and len(page.edges()) == 2000
    document = canned.large()
    document["actors"][500].update(state="failed", up=False, reason="gone")
    stand.show(document)
    page.wait(lambda: len(page.marked("down")[0]) == 1, "the failed one is marked")
    page.click(".problem")
    page.wait(lambda: "gone" in page.details(), "its details open")
    before = page.transform()
    page.click("#zoom-in")
    page.wait(lambda: page.transform() != before, "it can be zoomed")
    print(f"1000 actors, 2000 channels: shown after {shown - begun:.2f} s")
    page.screenshot("thousand")


# ---- details

def test_details_of_an_actor_tell_everything(page, show):
    stand = show(canned.slowed())
    page.click_box("parse")
    page.wait(lambda: len(page.charts()) == 5, "five charts")
    told = page.details()
    for words in ("Waits for sink on parse.out", "3 lines were no numbers", "p999", "/var/log/access.log",
                  "max_wait 20ms", "#7 crash", "#1 numbers.out at message 299999, held", "warn Worker died"):
        assert words in told, words
    assert page.charts()[0].startswith("CPU, last 9 min 59 s: now ")
    page.click("#details details[data-key='incident 7'] summary")
    assert "#1 die at ../../plugins/demo/crash.cpp:30" in page.details()
    page.screenshot("details-light")
    page.click(".ranges button:last-child")
    assert page.charts()[0].startswith("CPU, last 59 min 40 s")
    asked = lambda: len([path for path in stand.requests if path.startswith("/details.json")])  # noqa: E731
    before = asked()
    page.wait(lambda: asked() > before + 1, "it asks again")
    assert "#1 die at" in page.details()  # what was unfolded stays so
    assert page.charts()[0].startswith("CPU, last 59 min 40 s")


def test_details_of_a_channel_tell_everything(page, show):
    show(canned.slowed())
    page.click(".label[data-edge='parse.out sink.in']")
    page.wait(lambda: len(page.charts()) == 3, "three charts")
    assert page.charts()[2].startswith("latency p99 / p50, last ")
    for words in ("parse → sink", "65,536 messages", "latency.p99 > 5ms → yellow", "latency"):
        assert words in page.details(), words


def test_links_lead_from_one_to_the_next_and_an_address_leads_back(page, show):
    stand = show(canned.slowed())
    page.click_box("parse")
    page.wait(lambda: "Waits for" in page.details(), "its details open")
    page.js("[...document.querySelectorAll('#details .link')].find((link) => link.textContent === 'sink').click()")
    page.wait(lambda: page.details().startswith("sink"), "the culprit's details open")
    assert page.marked("selected")[0] == {"sink"}
    assert page.marked("touching")[1] == {"parse.out sink.in", "clock.ticks sink.ticks", "sink.acks parse.acks"}
    address = page.js("return location.href")
    assert address.endswith("#actor=sink")
    page.open(address)
    page.wait(lambda: page.details().startswith("sink"), "the address opens them again")
    changed = canned.slowed()
    changed["actors"] = [actor for actor in changed["actors"] if actor["name"] != "sink"]
    page.allow("details.json")  # which knows it no longer either
    stand.show(changed)
    page.wait(lambda: "no longer there" in page.details(), "an actor that has gone is said to have")
    page.click("#details .icon")
    assert page.details() == "" and "#" not in page.js("return location.href")


# ---- search, tables, keys, colours

def test_a_search_dims_the_rest_and_filters_the_tables(page, show):
    show(canned.slowed())
    page.search("parse")
    page.wait(lambda: page.text("matches") == "1 of 5", "the matches are counted")
    assert page.marked("dim")[0] == {"numbers", "sink", "clock", "audit"}
    assert [row[0] for row in page.rows("actors")] == ["parse"]
    assert {row[0] for row in page.rows("channels")} == {"numbers.out", "parse.out", "sink.acks"}
    page.keys(ENTER)
    page.wait(lambda: page.details().startswith("parse"), "Enter opens the first match")
    page.keys(ESCAPE)
    assert page.text("matches") == "" and page.marked("dim")[0] == set()
    assert page.details() != ""
    page.keys(ESCAPE)
    assert page.details() == ""


def test_tables_are_sorted_by_a_click_and_come_back(page, show):
    show(canned.slowed())
    names = lambda: [row[0] for row in page.rows("actors")]  # noqa: E731
    first = names()
    button = "#actors th:nth-child(11) button"
    page.click(button)
    assert names()[0] == "audit"  # has most memory
    assert page.element("#actors th:nth-child(11)").get_attribute("aria-sort") == "descending"
    page.click(button)
    assert names()[-1] == "audit"
    page.click(button)
    assert names() == first


def test_everything_can_be_reached_by_keys(page, show):
    show(canned.healthy())
    page.focus('[data-node="access_log"]')
    page.keys(RIGHT)
    assert page.js("return document.activeElement.dataset.node") == "parse"
    page.keys(ENTER)
    page.wait(lambda: page.details().startswith("parse"), "Enter opens the details of a box")
    page.keys(ESCAPE)
    page.focus(".label[data-edge='access_log.lines parse.lines']")
    page.keys(ENTER)
    page.wait(lambda: page.details().startswith("access_log.lines"), "and of a channel")
    page.keys("?")
    assert page.js("return document.getElementById('help').open")
    page.keys(ESCAPE)
    assert not page.js("return document.getElementById('help').open")


def test_the_system_chooses_the_colours_until_the_user_does(page, show):
    back = lambda: page.js("return getComputedStyle(document.body).backgroundColor")  # noqa: E731
    show(canned.slowed())
    light = back()
    page.emulate(prefers_color_scheme="dark")
    page.wait(lambda: back() != light, "dark follows the system")
    dark = back()
    page.screenshot("slowed-dark")
    page.click("#theme")
    assert back() == light
    page.click("#theme")
    page.emulate(prefers_color_scheme="light")
    assert back() == dark
    page.click("#theme")
    assert back() == light


# ---- the connection, and a still picture

@pytest.mark.parametrize("events", [True, False], ids=["events", "polling"])
def test_it_comes_back_to_life_by_itself(page, events):
    page.allow("ERR_")  # nobody answers for a while
    if not events:
        page.allow("/events")
    with Stand(canned.healthy(), events) as stand:
        page.open(stand.url)
        assert page.js("return document.title") == "weblog — live"
        port = stand.server.server_address[1]
    page.wait(lambda: page.text("connection") == "snapshot", "it is a snapshot")
    assert page.js("return document.title") == "weblog — snapshot"
    assert len(page.boxes()) == 5  # the last that was heard
    with Stand(canned.slowed(), events, port=port) as stand:
        page.wait(lambda: page.js("return document.title") == "slowed — live", "it is live again")
        page.wait(lambda: page.marked("culprit")[0] == {"sink"}, "and shows what is new")
        page.driver.get("about:blank")


def test_the_still_picture_needs_nothing_but_itself(page, show):
    show(canned.slowed())
    text = page.download("#svg", "slowed.svg")
    root = xml.etree.ElementTree.fromstring(text)
    for word in ("var(", "class=", "foreignObject", "light-dark", "color(", "rgba(", "url("):
        assert word not in text, word
    words = {"".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {actor["name"] for actor in canned.slowed()["actors"]} <= words
    assert "holds back 2" in words
    assert numbers_in(root.get("viewBox"))[2:] == [float(root.get("width")), float(root.get("height"))]


def test_the_still_picture_names_also_those_that_are_folded(page, show):
    show(canned.replicated())
    text = page.download("#svg", "replicated.svg")
    assert all(actor["name"] in text for actor in canned.replicated()["actors"])
