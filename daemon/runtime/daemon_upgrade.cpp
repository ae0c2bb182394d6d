// steadyctl upgrade: the service goes on under the binary that is installed now. Whether it can is asked first; only then
// anything stops. Workers finish the step they are in, segments and records stay, and main() execs the new binary.
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.hpp"
#include "base/plugin_path.hpp"
#include "runtime/clock.hpp"
#include "runtime/daemon.hpp"
#include "runtime/notify.hpp"
#include "runtime/upgrade.hpp"

namespace steady::runtime {
namespace {

constexpr std::chrono::milliseconds kContractLimit = std::chrono::seconds(5);
constexpr std::chrono::milliseconds kCheckLimit = std::chrono::seconds(30);

Status verdict_on(const process::Outcome& outcome) {
  if (outcome.timed_out) return fail(ErrorCode::Timeout, "the installed steadyd does not answer");
  const auto next = parse_contract(outcome.output);
  if (!next) return fail(next.error(), "the installed steadyd");
  return compatible(own_contract(), *next);
}

Status verdict_on_config(const process::Outcome& outcome) {
  if (outcome.how.clean()) return {};
  return fail(ErrorCode::Invalid, "the installed steadyd refuses the configuration: " +
                                      (outcome.last_error_line.empty() ? outcome.how.text() : outcome.last_error_line));
}

}  // namespace

Status Daemon::begin_upgrade() {
  if (phase_ != Phase::Running || question_) return fail(ErrorCode::Busy, "the service is stopping or upgrading already");
  return ask_successor({"contract"}, kContractLimit, [this](const process::Outcome& outcome) {
    if (auto fits = verdict_on(outcome); !fits) return refuse_upgrade(fits.error().message);
    const auto asked = ask_successor({"check", options_.config}, kCheckLimit, [this](const process::Outcome& checked) {
      if (auto fits = verdict_on_config(checked); !fits) return refuse_upgrade(fits.error().message);
      go_on_as_successor();
    });
    if (!asked) refuse_upgrade(asked.error().message);
  });
}

Status Daemon::ask_successor(std::vector<std::string> arguments, std::chrono::milliseconds limit,
                             std::function<void(const process::Outcome&)> then) {
  process::Spawn spawn;
  spawn.command = {executable_directory() + "/steadyd"};
  spawn.command.insert(spawn.command.end(), arguments.begin(), arguments.end());
  auto query = process::Query::start(loop_, spawn, "", limit, [this, then = std::move(then)](process::Outcome outcome) {
    const auto over = std::move(question_);  // outlives the call: `then` may ask again
    then(outcome);
  });
  if (!query) return tl::unexpected(std::move(query.error()));
  upgrade_ = Upgrade::Checking;
  question_ = std::move(*query);
  return {};
}

void Daemon::refuse_upgrade(const std::string& why) {
  log::error("The upgrade is refused; everything runs on", {{"why", why}});
  upgrade_ = Upgrade::Refused;
  upgrade_refusal_ = why;
}

void Daemon::go_on_as_successor() {
  if (phase_ != Phase::Running) return refuse_upgrade("the service is stopping");
  log::info("Upgrading: workers finish their steps, what is in the channels stays there");
  notify_status("Upgrading");
  upgrade_ = Upgrade::Accepted;
  phase_ = Phase::Stopping;
  perform(tree_->stop_all(monotonic_now()));
}

nlohmann::json Daemon::upgrade_report() const {
  static constexpr const char* kWords[] = {"none", "checking", "refused", "upgrading"};
  return {{"state", kWords[static_cast<std::size_t>(upgrade_)]}, {"why", upgrade_refusal_}};
}

}  // namespace steady::runtime
