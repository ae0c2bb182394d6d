#include "records/json.hpp"

#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "records/lists.hpp"
#include "records/utc.hpp"

namespace steady::records {
namespace {

using nlohmann::json;

/// The same with U+FFFD for bytes that are no UTF-8, so that whoever prints it need not care.
json clean(const json& value) { return json::parse(value.dump(-1, ' ', false, json::error_handler_t::replace)); }

const char* name_of(DeadLetter::State state) {
  switch (state) {
    case DeadLetter::State::Moving: return "moving";
    case DeadLetter::State::Held: return "held";
    case DeadLetter::State::Replaying: return "replaying";
  }
  return "";
}

}  // namespace

json to_json(const Incident& incident) {
  return clean({{"id", incident.id},
                {"at", utc_text(incident.at_unix_ns)},
                {"actor", incident.actor},
                {"worker", incident.worker},
                {"generation", incident.generation},
                {"cause", incident.cause},
                {"how", incident.how},
                {"fault_address", incident.fault_address ? json(*incident.fault_address) : json()},
                {"backtrace", list_json(incident.backtrace)},
                {"stderr_tail", incident.stderr_tail},
                {"ports", list_json(incident.ports)},
                {"suspect", incident.suspect},
                {"decision", incident.decision}});
}

json to_json(const DeadLetter& letter) {
  json object = clean({{"id", letter.id},
                       {"state", name_of(letter.state)},
                       {"at", utc_text(letter.at_unix_ns)},
                       {"actor", letter.actor},
                       {"port", letter.port},
                       {"channel", letter.channel},
                       {"producer", letter.producer},
                       {"ring_incarnation", letter.ring_incarnation},
                       {"sequence", letter.sequence},
                       {"message_hash", letter.message_hash},
                       {"message", letter.message},
                       {"text", letter.text},
                       {"deliveries", letter.deliveries},
                       {"incident", letter.incident},
                       {"ticket", letter.ticket}});
  if (!letter.payload.empty()) object["payload_hex"] = to_hex(letter.payload);
  return object;
}

}  // namespace steady::records
