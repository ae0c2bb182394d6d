#include "runtime/plugins.hpp"

#include <utility>

#include "base/plugin_path.hpp"

namespace steady::runtime {

void Plugins::look(const std::set<std::string>& names, std::function<void()> done) {
  done_ = std::move(done);
  pending_ = names.size() + 1;  // one for ourselves: nothing may be done before all have begun
  for (const std::string& name : names) begin(name);
  if (--pending_ == 0) std::exchange(done_, nullptr)();
}

void Plugins::begin(const std::string& name) {
  Entry& entry = entries_[name];
  const auto path = find_plugin(name, directories_);
  if (!path) return settle(name, tl::unexpected(path.error()));
  const auto identity = process::identify(*path);
  if (!identity) return settle(name, tl::unexpected(identity.error()));
  const auto known = descriptions_.find(name);
  if (entry.staged && entry.identity == *identity && known != descriptions_.end() && known->second) {
    --pending_;
    if (pending_ == 0) std::exchange(done_, nullptr)();
    return;
  }
  auto staged = process::stage(*path);
  if (!staged) return settle(name, tl::unexpected(std::move(staged.error())));
  entry.identity = *identity;
  entry.staged = std::move(*staged);
  const auto answered = [this, name, file = *path](const Result<std::string>& json) {
    if (!json) return settle(name, fail(json.error().code, file + " " + json.error().message));
    settle(name, topology::parse_description(*json).map_error(
                     [&](Error error) { return std::move(error).within(file); }));
  };
  auto describe = process::describe(loop_, worker_path_, entry.staged.get(), limit_, answered);
  if (!describe) return settle(name, tl::unexpected(std::move(describe.error())));
  entry.describe = std::move(*describe);
}

void Plugins::settle(const std::string& name, Result<topology::Description> description) {
  entries_[name].describe.reset();
  descriptions_.insert_or_assign(name, std::move(description));
  if (--pending_ == 0) std::exchange(done_, nullptr)();
}

int Plugins::staged_fd(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? -1 : found->second.staged.get();
}

}  // namespace steady::runtime
