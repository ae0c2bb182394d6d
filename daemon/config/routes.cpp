#include "config/routes.hpp"

#include <map>
#include <string>

namespace steady::config {
namespace {

/// Looks for routes from one actor after the other, each once.
class Search {
 public:
  Search(const Graph& graph, std::string_view from, std::string_view to) : to_(to) {
    for (std::size_t channel = 0; channel < graph.channels.size(); ++channel)
      for (std::size_t reader = 0; reader < graph.channels[channel].to.size(); ++reader) {
        const std::string& actor = graph.channels[channel].to[reader].actor;
        if (actor != from) edges_[graph.channels[channel].from.actor].push_back({channel, reader, actor});
      }
  }

  /// Whether any route leads from `actor` to the end. A circle that leads there is remembered, others do not matter.
  bool visit(std::string_view actor) {
    if (actor == to_) return true;
    const auto [known, is_new] = leads_.try_emplace(std::string(actor), Leads::Open);
    if (!is_new) {
      if (known->second == Leads::Open) met_open_.push_back(known->first);
      return known->second == Leads::There;
    }
    bool leads = false;
    for (const Edge& edge : edges_of(actor)) leads |= visit(edge.reader);
    leads_[std::string(actor)] = leads ? Leads::There : Leads::Nowhere;
    if (leads) ends_first_.emplace_back(actor);
    return leads;
  }

  /// A route that comes back to where it has been: an actor that was met while its own routes were being looked for.
  [[nodiscard]] bool goes_in_circles() const {
    for (const std::string& actor : met_open_)
      if (leads_.at(actor) == Leads::There) return true;
    return false;
  }

  [[nodiscard]] std::vector<Hop> hops() const {
    std::vector<Hop> hops;
    std::map<std::string, std::vector<std::size_t>, std::less<>> into;
    for (auto actor = ends_first_.rbegin(); actor != ends_first_.rend(); ++actor)
      for (const Edge& edge : edges_of(*actor)) {
        const auto lead = leads_.find(edge.reader);
        if (edge.reader != to_ && (lead == leads_.end() || lead->second != Leads::There)) continue;
        into[edge.reader].push_back(hops.size());
        hops.push_back({edge.channel, edge.index, into[*actor]});
      }
    return hops;
  }

 private:
  struct Edge {
    std::size_t channel;
    std::size_t index;
    std::string reader;
  };
  enum class Leads { Open, Nowhere, There };

  [[nodiscard]] const std::vector<Edge>& edges_of(std::string_view actor) const {
    static const std::vector<Edge> kNone;
    const auto found = edges_.find(actor);
    return found == edges_.end() ? kNone : found->second;
  }

  std::string_view to_;
  std::map<std::string, std::vector<Edge>, std::less<>> edges_;
  std::map<std::string, Leads> leads_;
  std::vector<std::string> met_open_;
  std::vector<std::string> ends_first_;  ///< actors that lead there, each after all that it leads to
};

}  // namespace

std::optional<std::vector<Hop>> find_routes(const Graph& graph, std::string_view from, std::string_view to) {
  Search search(graph, from, to);
  search.visit(from);
  if (search.goes_in_circles()) return std::nullopt;
  return search.hops();
}

}  // namespace steady::config
