#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "control/ctl/incidents.hpp"
#include "control/ctl/letters.hpp"
#include "control/ctl/table.hpp"
#include "support/text.hpp"

using namespace steady;
using namespace steady::control;
using nlohmann::json;
using test::contains;

namespace {

json incidents() {
  return json::parse(R"json({"incidents": [
    {"id": 12, "at": "2026-02-01T00:00:00.123Z", "actor": "counter", "generation": 3, "cause": "crash",
     "how": "killed by signal 11 (Segmentation fault)", "decision": "restarted"},
    {"id": 9, "at": "2026-01-31T00:00:00.000Z", "actor": "sink", "generation": 1, "cause": "exception",
     "how": "a text that is longer than all that there is room for in a table", "decision": "gave up"}]})json");
}

json letter() {
  return json::parse(R"({
    "id": 7, "state": "held", "at": "2026-02-01T00:00:00.123Z", "actor": "counter", "port": "in",
    "channel": "source.numbers", "producer": "source", "ring_incarnation": 1, "sequence": 41, "message_hash": 2,
    "message": "Number", "text": "Number{value: 41}", "deliveries": 3, "incident": 12, "ticket": 0,
    "payload_hex": "00ff48656c6c6f200102030405060708ff", "incident_text": "incident 12\n  suspect: it\n"})");
}

std::string hex_of_size(std::size_t bytes) {
  std::string hex;
  for (std::size_t i = 0; i < bytes; ++i) hex += "41";
  return hex;
}

/// What a newer, older or broken daemon could send in place of an answer, a list, or an item.
std::vector<json> strange_values() {
  const std::string hostile("\x1b[2J\r\n\t\x07\x7f\xc2\x9b\xff\xfe\xc3\0|", 16);
  std::vector<json> values{nullptr, 5, -1, 1e300, true, hostile, json::array(), json::object()};
  values.push_back(json::array({1, "x", nullptr}));
  for (const char* list : {"incidents", "letters", "notes"}) values.push_back({{list, hostile}});
  json item;
  for (const char* key :
       {"id", "state", "at", "actor", "port", "channel", "producer", "sequence", "deliveries", "cause", "how", "decision",
        "generation", "message", "text", "payload_hex", "incident_text", "ticket", "incident", "replayed", "waiting",
        "purged"}) {
    item[key] = hostile;
    values.push_back({{key, json::array({hostile, 1})}});
    values.push_back({{key, -1}});
  }
  values.push_back(item);
  values.push_back(
      {{"incidents", values}, {"letters", values}, {"notes", {hostile, 5, nullptr}}, {"replayed", hostile}});
  return values;
}

bool moves_no_cursor(const std::string& text) {
  for (const char byte : text)
    if (byte != '\n' && (static_cast<unsigned char>(byte) < ' ' || byte == 0x7f)) return false;
  return !contains(text, "\xc2\x9b") && text.ends_with('\n');
}

}  // namespace

TEST_SUITE("control/ctl records") {
  TEST_CASE("incidents are a table; a long ending is cut, so that the decision is seen") {
    CHECK(render_incidents(incidents()) ==
          "ID  TIME                      ACTOR    GEN  CAUSE      HOW                                               "
          "DECISION\n"
          "12  2026-02-01T00:00:00.123Z  counter    3  crash      killed by signal 11 (Segmentation fault)          "
          "restarted\n"
          " 9  2026-01-31T00:00:00.000Z  sink       1  exception  a text that is longer than all that there is ro…  "
          "gave up\n");
    CHECK(render_incidents({{"incidents", json::array()}}) == "no incidents\n");
    CHECK(contains(render_incidents(incidents(), {.colours = true}), "\x1b[31mcrash"));
  }

  TEST_CASE("one incident is shown as the daemon printed it") {
    CHECK(render_incident({{"text", "incident 12\n  backtrace:\n    #0 f()\n"}}) ==
          "incident 12\n  backtrace:\n    #0 f()\n");
    CHECK(render_incident({{"text", "no end\x1b"}}) == "no end \n");
    CHECK(render_incident(json::object()) == "steadyd sent no text\n");
  }

  TEST_CASE("dead letters are a table; without a text the type's name stands for the message") {
    auto nameless = letter();
    nameless["id"] = 6U;
    nameless.erase("text");
    CHECK(render_letters({{"letters", {letter(), nameless}}}) ==
          "ID  STATE  TIME                      ACTOR    CHANNEL         SEQUENCE  DEATHS  MESSAGE\n"
          " 7  held   2026-02-01T00:00:00.123Z  counter  source.numbers        41       3  Number{value: 41}\n"
          " 6  held   2026-02-01T00:00:00.123Z  counter  source.numbers        41       3  Number\n");
    CHECK(render_letters({{"letters", json::array()}}) == "no dead letters\n");
  }

  TEST_CASE("one letter shows its fields, its bytes and its incident") {
    CHECK(render_letter(letter()) ==
          "dead letter 7, held\n"
          "  time      2026-02-01T00:00:00.123Z\n"
          "  reader    counter.in\n"
          "  channel   source.numbers\n"
          "  producer  source\n"
          "  sequence  41\n"
          "  deaths    3\n"
          "  incident  12\n"
          "  type      Number\n"
          "  message   Number{value: 41}\n"
          "  payload   17 B\n"
          "  00000000  00 ff 48 65 6c 6c 6f 20 01 02 03 04 05 06 07 08  |..Hello ........|\n"
          "  00000010  ff                                               |.|\n"
          "\n"
          "incident 12\n"
          "  suspect: it\n");
  }

  TEST_CASE("of a large payload the first 4 KiB are shown") {
    auto large = letter();
    large["payload_hex"] = hex_of_size(4096);
    CHECK(contains(render_letter(large), "  00000ff0  41 41"));
    CHECK_FALSE(contains(render_letter(large), "more"));
    large["payload_hex"] = hex_of_size(4100);
    CHECK_FALSE(contains(render_letter(large), "  00001000"));
    CHECK(contains(render_letter(large), "  and 4 bytes more; --json has them all\n"));
  }

  TEST_CASE("a payload that is no hexadecimal ends where it stops being it") {
    auto odd = letter();
    for (const char* hex : {"41zz", "414", "41-1", "41 1", "410x"}) {
      odd["payload_hex"] = hex;
      CHECK(contains(render_letter(odd), "  payload   1 B\n"));
    }
  }

  TEST_CASE("a replay says how many go back and how many wait, then why") {
    const auto line = [](int replayed, int waiting) {
      return render_replay(json::parse(json{{"replayed", replayed}, {"waiting", waiting}}.dump()));
    };
    CHECK(line(2, 1) == "2 on their way back, 1 waits for its producer to run\n");
    CHECK(line(1, 0) == "1 on its way back\n");
    CHECK(line(0, 3) == "3 wait for their producers to run\n");
    CHECK(line(0, 0) == "nothing to replay\n");
    CHECK(render_replay(json::parse(R"({"replayed": 1, "waiting": 0, "notes": ["5 is gone", "6\u001b is gone"]})")) ==
          "1 on its way back\n5 is gone\n6  is gone\n");
  }

  TEST_CASE("a purge says how many letters it were") {
    CHECK(render_purge(json::parse(R"({"purged": 0})")) == "0 letters purged\n");
    CHECK(render_purge(json::parse(R"({"purged": 1})")) == "1 letter purged\n");
  }

  TEST_CASE("whatever is sent, nothing throws and no cursor moves") {
    for (const auto& value : strange_values()) {
      CHECK(moves_no_cursor(render_incidents(value)));
      CHECK(moves_no_cursor(render_incidents(value, {.width = 20})));
      CHECK(moves_no_cursor(render_incident(value)));
      CHECK(moves_no_cursor(render_letters(value)));
      CHECK(moves_no_cursor(render_letters(value, {.width = 20})));
      CHECK(moves_no_cursor(render_letter(value)));
      CHECK(moves_no_cursor(render_replay(value)));
      CHECK(moves_no_cursor(render_purge(value)));
    }
  }
}
