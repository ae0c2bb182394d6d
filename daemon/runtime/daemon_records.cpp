// Answers about incidents and dead letters.
#include <nlohmann/json.hpp>

#include "records/json.hpp"
#include "records/print.hpp"
#include "runtime/daemon.hpp"

namespace steady::runtime {
namespace {

/// Records in a list when nobody says how many.
constexpr std::size_t kListed = 100;

Letters::Selection selection_of(const nlohmann::json& params) {
  Letters::Selection selection;
  if (!params.is_object()) return selection;
  selection.ids = params.value("ids", std::vector<std::int64_t>());
  selection.filter.actor = params.value("actor", "");
  selection.filter.channel = params.value("channel", "");
  selection.all_readers = params.value("all_readers", false);
  return selection;
}

std::size_t limit_of(const nlohmann::json& params) {
  return params.is_object() ? params.value("limit", kListed) : kListed;
}

template <class Record>
nlohmann::json list_of(const std::vector<Record>& records) {
  nlohmann::json list = nlohmann::json::array();
  for (const Record& record : records) list.push_back(to_json(record));
  return list;
}

}  // namespace

control::Answer Daemon::answer_records(const std::string& method, const nlohmann::json& params) {
  const std::string actor = params.is_object() ? params.value("actor", "") : "";
  if (method == "incidents") {
    if (!actor.empty() && !find_actor(actor)) return fail(ErrorCode::NotFound, "there is no actor '" + actor + "'");
    const auto found = store_->incidents(actor, limit_of(params));
    if (!found) return tl::unexpected(control::Failure(found.error()));
    return nlohmann::json{{"incidents", list_of(*found)}};
  }
  if (method == "incident") {
    const auto found = store_->incident(params.at("id").get<std::int64_t>());
    if (!found) return tl::unexpected(control::Failure(found.error()));
    auto object = to_json(*found);
    object["text"] = records::print(*found);
    return object;
  }
  if (method == "dlq_list") {
    records::LetterFilter filter = selection_of(params).filter;
    filter.dead = true;
    const auto found = store_->letters(filter, limit_of(params));
    if (!found) return tl::unexpected(control::Failure(found.error()));
    return nlohmann::json{{"letters", list_of(*found)}};
  }
  if (method == "dlq_show") {
    const auto found = store_->letter(params.at("id").get<std::int64_t>());
    if (!found) return tl::unexpected(control::Failure(found.error()));
    auto object = to_json(*found);
    if (const auto incident = store_->incident(found->incident)) object["incident_text"] = records::print(*incident);
    return object;
  }
  if (method == "dlq_replay") {
    if (phase_ != Phase::Running) return fail(ErrorCode::Busy, "the service is stopping");
    const auto replayed = letters_->replay(plan_, selection_of(params));
    if (!replayed) return tl::unexpected(control::Failure(replayed.error()));
    return nlohmann::json{{"replayed", replayed->sent}, {"waiting", replayed->waiting}, {"notes", replayed->notes}};
  }
  if (method == "dlq_purge") {
    const auto purged = letters_->purge(selection_of(params));
    if (!purged) return tl::unexpected(control::Failure(purged.error()));
    return nlohmann::json{{"purged", *purged}};
  }
  return control::unknown_method(method);
}

}  // namespace steady::runtime
