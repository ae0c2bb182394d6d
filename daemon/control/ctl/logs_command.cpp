#include "control/ctl/logs_command.hpp"

#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "control/ctl/command.hpp"
#include "control/ctl/fields.hpp"
#include "control/ctl/logs.hpp"

namespace steady::control {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kLookAgain(200);
constexpr std::uint64_t kListed = 100;
constexpr std::uint64_t kBatch = 1000;  ///< lines per answer while following

struct Options {
  bool follow = false;
  std::uint64_t limit = kListed;
  std::string actor;
};

/// False when nobody reads any more.
bool print(const json& answer, bool as_json) {
  if (!as_json) {
    std::cout << render_logs(answer, screen());
  } else {
    for (const auto& line : member(answer, "lines")) std::cout << compact(line) << '\n';
  }
  return static_cast<bool>(std::cout.flush());
}

int follow(const std::string& socket, bool as_json, json params, json answer) {
  params["limit"] = kBatch;
  for (;;) {
    const bool caught_up = member(answer, "lines").size() < kBatch;
    if (caught_up) std::this_thread::sleep_for(kLookAgain);
    params["after"] = count_of(answer, "last");
    auto next = ask(socket, "logs", params);
    if (!next) return refused(next.error());
    if (member(*next, "instance") != member(answer, "instance")) {  // a life of its own, with numbers of its own
      params["after"] = 0;
      next = ask(socket, "logs", params);
      if (!next) return refused(next.error());
    }
    if (as_json && count_of(*next, "dropped") > 0)
      complain(std::to_string(count_of(*next, "dropped")) + " lines are no longer kept", kDone);
    if (!print(*next, as_json)) return kNo;
    answer = std::move(*next);
  }
}

int logs(const std::string& socket, bool as_json, const Options& options) {
  json params{{"limit", options.limit}};
  if (!options.actor.empty()) params["actor"] = options.actor;
  auto answer = ask(socket, "logs", params);
  if (!answer) return refused(answer.error());
  if (!print(*answer, as_json)) return kNo;
  return options.follow ? follow(socket, as_json, std::move(params), std::move(*answer)) : kDone;
}

}  // namespace

void add_logs(CLI::App& app, const std::string& socket, const bool& as_json, int& result) {
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("logs", "the last lines of the daemon's log and of its actors");
  command->add_option("actor", options->actor, "only what this actor says, and what is said of it");
  command->add_flag("-f,--follow", options->follow, "go on with what is added, until steadyd ends");
  command->add_option("-n", options->limit, "how many at most; " + std::to_string(kListed) + " unless told");
  command->callback([&socket, &as_json, &result, options] { result = logs(socket, as_json, *options); });
}

}  // namespace steady::control
