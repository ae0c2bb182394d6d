// The plugins of a graph: found, copied, described in a process of their own. Loop thread only.
#pragma once

#include <uv.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "process/describe.hpp"
#include "process/stage.hpp"
#include "topology/plan.hpp"

namespace steady::runtime {

class Plugins {
 public:
  /// `limit`: how long a plugin may take to say what it offers.
  Plugins(uv_loop_t* loop, std::string worker_path, std::vector<std::string> directories,
          std::chrono::milliseconds limit = std::chrono::seconds(5))
      : loop_(loop), worker_path_(std::move(worker_path)), directories_(std::move(directories)), limit_(limit) {}

  /// Looks at each of `names`, all at once; calls `done` when the last one has answered or failed. A plugin whose file
  /// has not changed since it was described is not asked again. One look at a time.
  void look(const std::set<std::string>& names, std::function<void()> done);
  [[nodiscard]] bool looking() const { return pending_ != 0; }

  [[nodiscard]] const topology::Descriptions& descriptions() const { return descriptions_; }
  /// The private copy that workers load; -1 when there is none.
  [[nodiscard]] int staged_fd(const std::string& name) const;

 private:
  struct Entry {
    process::FileIdentity identity;
    UniqueFd staged;
    std::unique_ptr<process::Query> describe;
  };
  void begin(const std::string& name);
  void settle(const std::string& name, Result<topology::Description> description);

  uv_loop_t* loop_;
  std::string worker_path_;
  std::vector<std::string> directories_;
  std::chrono::milliseconds limit_;
  std::map<std::string, Entry> entries_;
  topology::Descriptions descriptions_;
  std::size_t pending_ = 0;
  std::function<void()> done_;
};

}  // namespace steady::runtime
