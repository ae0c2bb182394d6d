#include "observe/metrics.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "snapshots.hpp"

using namespace steady::observe;
using steady::test::frame_channel;
using steady::test::small_snapshot;
using steady::test::snapshot_with_triggers;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

bool has_line(const std::string& text, const std::string& wanted) {
  for (const auto& line : lines_of(text))
    if (line == wanted) return true;
  return false;
}

bool is_comment(const std::string& line, const std::string& kind) {
  return line.starts_with("# " + kind + ' ');
}

std::string word(const std::string& line, int index) {
  std::istringstream stream(line);
  std::string result;
  for (int i = 0; i <= index; ++i) stream >> result;
  return result;
}

/// Where the name of a sample ends.
std::string name_of(const std::string& sample) {
  return sample.substr(0, sample.find_first_of("{ "));
}

/// The family that a sample belongs to; those of a histogram have three endings.
std::string family_of(const std::string& sample, bool histogram) {
  const std::string name = name_of(sample);
  for (const std::string ending : {"_count", "_sum", "_bucket"})
    if (histogram && name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  return name;
}

/// What a scraper would refuse, line by line; empty when the text is sound.
std::string flaw_of(const std::string& text) {
  std::set<std::string> families, samples;
  std::map<std::string, std::string> help;
  std::string family;
  bool histogram = false;
  if (!text.ends_with('\n')) return "does not end with a newline";
  for (const auto& line : lines_of(text)) {
    if (is_comment(line, "HELP")) {
      help[word(line, 2)] = line;
    } else if (is_comment(line, "TYPE")) {
      family = word(line, 2);
      histogram = word(line, 3) == "histogram";
      if (!families.insert(family).second) return "a family twice: " + line;
      if (!help.contains(family)) return "no help: " + line;
      if ((word(line, 3) == "counter") != family.ends_with("_total")) return "a counter ends in _total: " + line;
    } else {
      if (family_of(line, histogram) != family) return "a sample outside its family: " + line;
      if (!samples.insert(line.substr(0, line.rfind(' '))).second) return "a series twice: " + line;
      try {
        static_cast<void>(std::stod(line.substr(line.rfind(' ') + 1)));
      } catch (const std::exception&) {
        return "no number at the end: " + line;
      }
    }
  }
  return "";
}

UserMetric counter(std::string name, double value, std::string help = "Things.") {
  return {std::move(name), std::move(help), true, value};
}
UserMetric gauge(std::string name, double value) {
  return {std::move(name), "Level.", false, value};
}

}  // namespace

TEST_SUITE("observe/metrics") {
  TEST_CASE("every number of a snapshot becomes a sample with its labels") {
    const auto text = render_metrics(small_snapshot());
    CHECK(flaw_of(text) == "");
    CHECK(has_line(text, R"(steady_channel_messages_sent_total{channel="source.numbers",from="source.numbers"} 50)"));
    CHECK(has_line(
        text,
        R"(steady_channel_messages_received_total{channel="source.numbers",from="source.numbers",to="sink.lines"} 18)"));
    CHECK(has_line(
        text,
        R"(steady_channel_inflight_messages{channel="source.numbers",from="source.numbers",to="sink.lines"} 32)"));
    CHECK(has_line(text, R"(steady_channel_capacity_bytes{channel="source.numbers",from="source.numbers"} 512)"));
    CHECK(has_line(text, R"(steady_actor_up{actor="source"} 1)"));
    CHECK(has_line(text, R"(steady_actor_up{actor="sink"} 0)"));
    CHECK(has_line(text, R"(steady_actor_generation{actor="source"} 2)"));
    CHECK(has_line(text, R"(steady_actor_restarts_total{actor="source",reason="crash"} 2)"));
    CHECK(has_line(text, R"(steady_actor_incidents_total{actor="source",cause="watchdog"} 3)"));
    CHECK(has_line(text, R"(steady_actor_dead_letters_total{actor="source"} 4)"));
    CHECK(has_line(text, R"(steady_supervisor_restarts_remaining{supervisor="root"} 3)"));
    CHECK(has_line(text, R"(steady_build_info{version="0.1.0"} 1)"));
  }

  TEST_CASE("a distribution becomes a histogram whose buckets grow up to its count") {
    auto snapshot = small_snapshot();
    auto& latency = snapshot.channels[0].readers[0].latency;
    latency.count = 10;
    latency.sum_seconds = 2.5;
    for (std::size_t i = 0; i < latency.below.size(); ++i) latency.below[i] = std::min<std::uint64_t>(i, 9);
    const auto text = render_metrics(snapshot);
    CHECK(flaw_of(text) == "");
    const std::string labels = R"({channel="source.numbers",from="source.numbers",to="sink.lines")";
    CHECK(has_line(text, "steady_channel_latency_seconds_count" + labels + "} 10"));
    CHECK(has_line(text, "steady_channel_latency_seconds_sum" + labels + "} 2.5"));
    CHECK(has_line(text, "steady_channel_latency_seconds_bucket" + labels + R"(,le="1.024e-06"} 0)"));
    CHECK(has_line(text, "steady_channel_latency_seconds_bucket" + labels + R"(,le="+Inf"} 10)"));
  }

  TEST_CASE("who is held back, by whom, and who does it are series only while it is so") {
    auto snapshot = small_snapshot();
    CHECK(render_metrics(snapshot).find("steady_actor_blocked{") == std::string::npos);
    CHECK(has_line(render_metrics(snapshot), "steady_deadlock 0"));
    snapshot.actors[0].blocked_by = "sink";
    snapshot.actors[0].blocked_channel = "source.numbers";
    snapshot.bottlenecks = {{"sink", "is busy", {"source"}, 0.9}};
    snapshot.deadlocks = {{{"source", "sink"}, {"source.numbers", "sink.back"}}};
    const auto text = render_metrics(snapshot);
    CHECK(flaw_of(text) == "");
    CHECK(has_line(text, R"(steady_actor_blocked{actor="source",by="sink",channel="source.numbers"} 1)"));
    CHECK(has_line(text, R"(steady_bottleneck{actor="sink"} 1)"));
    CHECK(has_line(text, "steady_deadlock 1"));
  }

  TEST_CASE("a spare has a series only where there is to be one") {
    auto snapshot = small_snapshot();
    CHECK(render_metrics(snapshot).find("standby") == std::string::npos);
    for (const std::string state : {"none", "starting", "ready"}) {
      snapshot.actors[0].standby = state;
      const std::string text = render_metrics(snapshot);
      CHECK(has_line(text, "steady_actor_standby_ready{actor=\"source\"} " + std::string(state == "ready" ? "1" : "0")));
      CHECK(text.find("standby_ready{actor=\"sink\"}") == std::string::npos);
    }
  }

  TEST_CASE("an actor has one series per state, and exactly one of them is 1") {
    const auto text = render_metrics(small_snapshot());
    int ones = 0, series = 0;
    for (const auto& line : lines_of(text)) {
      if (!line.starts_with(R"(steady_actor_state{actor="sink")")) continue;
      ++series;
      ones += line.ends_with(" 1");
    }
    CHECK(series == 7);
    CHECK(ones == 1);
    CHECK(has_line(text, R"(steady_actor_state{actor="sink",state="failed"} 1)"));
  }

  TEST_CASE("every trigger has a series, active or not") {
    const auto text = render_metrics(snapshot_with_triggers());
    CHECK(has_line(text, "# TYPE steady_trigger_active gauge"));
    CHECK(has_line(
        text, R"(steady_trigger_active{kind="channel",name="source.numbers",when="fill > 80%",colour="yellow"} 0)"));
    CHECK(has_line(
        text,
        R"(steady_trigger_active{kind="channel",name="source.numbers",when="latency.p99 > 5ms",colour="red"} 1)"));
    CHECK(has_line(text, R"(steady_trigger_active{kind="actor",name="source",when="cpu > 90%",colour="orange"} 0)"));
    CHECK(flaw_of(text) == "");
  }

  TEST_CASE("a channel of frames has a capacity in bytes and none in messages") {
    auto snapshot = small_snapshot();
    snapshot.channels = {frame_channel("source")};
    const auto text = render_metrics(snapshot);
    CHECK(has_line(text, R"(steady_channel_capacity_bytes{channel="source.out",from="source.out"} 1048576)"));
    CHECK(text.find("steady_channel_capacity_messages") == std::string::npos);
  }

  TEST_CASE("an empty snapshot renders, without families that have no series") {
    const auto text = render_metrics(Snapshot{});
    CHECK(flaw_of(text) == "");
    CHECK(text.find("steady_actor_up") == std::string::npos);
    CHECK(has_line(text, "steady_segments_quarantined_total 0"));
  }

  TEST_CASE("a supervisor that overspent has nothing remaining, not a huge number") {
    auto snapshot = small_snapshot();
    snapshot.supervisors.front().used = 6;
    CHECK(has_line(render_metrics(snapshot), R"(steady_supervisor_restarts_remaining{supervisor="root"} 0)"));
  }

  TEST_CASE("quotes, backslashes, line breaks and foreign scripts in names leave the text sound") {
    auto snapshot = small_snapshot();
    snapshot.actors.front().name = "a\"b\\c\nd é 漢";
    const auto text = render_metrics(snapshot);
    CHECK(flaw_of(text) == "");
    CHECK(has_line(text, "steady_actor_up{actor=\"a\\\"b\\\\c\\nd é 漢\"} 1"));
  }

  TEST_CASE("an actor's own metrics carry its name, and counters their suffix once") {
    auto snapshot = small_snapshot();
    snapshot.actors[0].metrics = {counter("seen", 5), counter("lost_total", 1), gauge("level", -0.5)};
    snapshot.actors[1].metrics = {counter("seen", 6)};
    const auto text = render_metrics(snapshot);
    CHECK(flaw_of(text) == "");
    CHECK(has_line(text, R"(steady_user_seen_total{actor="source"} 5)"));
    CHECK(has_line(text, R"(steady_user_seen_total{actor="sink"} 6)"));
    CHECK(has_line(text, R"(steady_user_lost_total{actor="source"} 1)"));
    CHECK(has_line(text, R"(steady_user_level{actor="source"} -0.5)"));
  }

  TEST_CASE("a counter and a gauge of one name stay apart") {
    auto snapshot = small_snapshot();
    snapshot.actors[0].metrics = {gauge("seen_total", 5)};
    snapshot.actors[1].metrics = {counter("seen", 6), gauge("other", 1)};
    const auto text = render_metrics(snapshot);
    CHECK(flaw_of(text) == "");
    CHECK(has_line(text, R"(steady_user_seen{actor="source"} 5)"));
    CHECK(has_line(text, R"(steady_user_seen_total{actor="sink"} 6)"));
    CHECK(has_line(text, R"(steady_user_other{actor="sink"} 1)"));
  }

  TEST_CASE("names and help texts that no scraper would take are made valid") {
    auto snapshot = small_snapshot();
    snapshot.actors[0].metrics = {counter("od d-näme", 1, "back\\slash\nsteady_evil 1"), counter("od.d-näme", 2),
                                  counter("", 3, "")};
    const auto text = render_metrics(snapshot);
    CHECK(flaw_of(text) == "");
    CHECK(text.find("\nsteady_evil") == std::string::npos);
    CHECK(has_line(text, R"(steady_user_od_d_n__me_total{actor="source"} 1)"));
  }

  TEST_CASE("values that are no finite numbers stay readable for a scraper") {
    auto snapshot = small_snapshot();
    snapshot.actors[0].metrics = {gauge("a", std::numeric_limits<double>::quiet_NaN()),
                                  gauge("b", std::numeric_limits<double>::infinity())};
    CHECK(flaw_of(render_metrics(snapshot)) == "");
  }
}
