#include "records/json.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "records/utc.hpp"
#include "unit/records/samples.hpp"

namespace steady::records {

using nlohmann::json;

TEST_SUITE("records/json") {
  TEST_CASE("an incident has every field under its own name") {
    auto incident = sample_incident();
    incident.id = 12;
    const auto expected = json::parse(R"json({
      "id": 12, "at": "2026-02-01T00:00:00.123Z", "actor": "counter", "worker": "pool", "generation": 3,
      "cause": "crash", "how": "killed by signal 11 (Segmentation fault)", "fault_address": 18446744073709551600,
      "backtrace": [
        {"address": 139637976732212, "function": "demo::Counter::step()", "file": "counter.cpp", "line": 42,
         "module": "demo.so"},
        {"address": 16, "function": "", "file": "", "line": 0, "module": ""}],
      "stderr_tail": ["first", "last words"],
      "ports": [
        {"port": "in", "input": true, "channel": "source.numbers", "sequence": 41, "waiting": 9,
         "head": "Number{value: 41}"},
        {"port": "out", "input": false, "channel": "sums", "sequence": 7, "waiting": 0, "head": ""}],
      "suspect": "message 41 of source.numbers", "decision": "restarted: 1 of 5 used"})json");
    CHECK(to_json(incident) == expected);
    CHECK(to_json(Incident{})["fault_address"].is_null());
    CHECK(to_json(Incident{})["ports"] == json::array());
    CHECK(to_json(Incident{})["stderr_tail"] == json::array());
  }

  TEST_CASE("a letter has every field under its own name, and its payload when it is there") {
    auto letter = sample_letter();
    letter.id = 5;
    letter.payload = std::string("\0\x0f\xf0\xff", 4);
    const auto expected = json::parse(R"({
      "id": 5, "state": "moving", "at": "2026-02-01T00:00:00.123Z", "actor": "counter", "port": "in",
      "channel": "source.numbers", "producer": "source", "ring_incarnation": 18364758544493064720, "sequence": 41,
      "message_hash": 9223372036854775809, "message": "Number", "text": "Number{value: 41}", "deliveries": 3,
      "incident": 1, "ticket": 0, "payload_hex": "000ff0ff"})");
    CHECK(to_json(letter) == expected);
    letter.payload.clear();
    CHECK_FALSE(to_json(letter).contains("payload_hex"));
    letter.state = DeadLetter::State::Held;
    CHECK(to_json(letter)["state"] == "held");
    letter.state = DeadLetter::State::Replaying;
    CHECK(to_json(letter)["state"] == "replaying");
  }

  TEST_CASE("bytes that are no UTF-8 are replaced, so that what comes out can be printed") {
    const std::string bad("a\xff\xc3\0b", 5);
    auto incident = sample_incident(bad);
    incident.how = incident.suspect = bad;
    incident.stderr_tail = {bad};
    incident.ports.front().head = bad;
    incident.backtrace.front().function = bad;
    const auto object = to_json(incident);
    CHECK_NOTHROW((void)object.dump());
    CHECK(object["how"] == std::string("a\xef\xbf\xbd\xef\xbf\xbd\0b", 9));
    auto letter = sample_letter(1, bad);
    letter.text = letter.message = bad;
    CHECK_NOTHROW((void)to_json(letter).dump());
    letter.payload = bad;
    CHECK(to_json(letter)["payload_hex"] == "61ffc30062");
  }

  TEST_CASE("a moment is RFC 3339 in UTC, also before 1970 and at the ends of what there is") {
    CHECK(utc_text(0) == "1970-01-01T00:00:00.000Z");
    CHECK(utc_text(-1) == "1969-12-31T23:59:59.999Z");
    CHECK(utc_text(951'782'399'999'999'999) == "2000-02-28T23:59:59.999Z");
    CHECK(utc_text(951'782'400'000'000'000) == "2000-02-29T00:00:00.000Z");
    CHECK(utc_text(INT64_MAX) == "2262-04-11T23:47:16.854Z");
    CHECK(utc_text(INT64_MIN) == "1677-09-21T00:12:43.145Z");
  }
}

}  // namespace steady::records
