// The actors of a large graph: a source, a node that passes on what comes by either of two ways, and a sink.
#include <algorithm>
#include <cstdint>
#include <steady/actor.hpp>

namespace mesh {

struct Item {
  std::uint64_t number;
};
BOOST_DESCRIBE_STRUCT(Item, (), (number))

/// Slow on purpose: what is measured is what a large graph costs, not what it moves.
class Source final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"source", "Sends an item on each of its ways at a fixed interval."};

  void start() override { run_when(steady::every(*interval_)); }

  void step() override {
    for (auto* const way : {&left_, &right_, &far_left_, &far_right_})
      if (way->vacant() > 0) way->put(Item{sent_});
    ++sent_;
  }

 private:
  steady::Output<Item> left_{*this, "left", "to the next layer"};
  steady::Output<Item> right_{*this, "right", "to the next layer"};
  steady::Output<Item> far_left_{*this, "far_left", "to the last layer"};
  steady::Output<Item> far_right_{*this, "far_right", "to the last layer"};
  steady::Parameter<std::chrono::nanoseconds> interval_{*this, "interval", "1s", "time between two items"};
  std::uint64_t sent_ = 0;
};

class Node final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"node", "Passes items on."};

  void step() override {
    pass_on(left_in_, left_out_);
    pass_on(right_in_, right_out_);
  }

 private:
  static void pass_on(steady::Input<Item>& input, steady::Output<Item>& output) {
    const auto count = std::min(input.available(), output.vacant());
    std::ranges::copy(input.take(count), output.put(count).begin());
  }

  steady::Input<Item> left_in_{*this, "left_in", "items from the left"};
  steady::Input<Item> right_in_{*this, "right_in", "items from the right"};
  steady::Output<Item> left_out_{*this, "left", "what came by left_in"};
  steady::Output<Item> right_out_{*this, "right", "what came by right_in"};
};

class Sink final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"sink", "Counts what arrives."};

  void step() override {
    for (std::uint32_t i = 0; i < items_.lane_count(); ++i) {
      auto lane = items_.lane(i);
      seen_.add(lane.take(lane.available()).size());
    }
  }

 private:
  steady::Inputs<Item> items_{*this, "items", "what arrives"};
  steady::Counter seen_{*this, "seen", "Items that arrived."};
};

}  // namespace mesh

STEADY_PLUGIN(mesh::Source, mesh::Node, mesh::Sink)
