#include "control/ctl/channel.hpp"

#include <iostream>
#include <nlohmann/json.hpp>

#include "control/ctl/client.hpp"
#include "control/ctl/fields.hpp"
#include "control/ctl/table.hpp"
#include "topology/show_message.hpp"

namespace steady::control {

using nlohmann::json;

Result<json> ask_once(const std::string& socket, const std::string& method, const json& params) {
  auto client = Client::connect(socket);
  if (!client) return fail(ErrorCode::System, client.error().message);  // Invalid is for a daemon that says no
  return client->call(method, params);
}

Result<ChannelView> ask_channel(const std::string& socket, const std::string& name) {
  const auto answer = ask_once(socket, "channel", {{"channel", name}});
  if (!answer) return tl::unexpected(answer.error());
  ChannelView view;
  view.layout.name = text_of(*answer, "channel");
  view.layout.frames = is_true(*answer, "frames");
  view.producer = text_of(*answer, "producer");
  view.paths.ring = text_of(*answer, "ring");
  view.paths.producer = text_of(*answer, "producer_segment");
  for (const json& page : member(*answer, "reader_pages"))
    if (page.is_string()) view.paths.readers.push_back(page.get<std::string>());
  if (view.layout.frames) return view;
  auto message = topology::parse_message_layout(member(*answer, "message"));
  if (!message)
    return fail(ErrorCode::Corrupt, "steadyd describes channel " + name + " wrongly: " + message.error().message);
  view.layout.message = std::move(*message);
  return view;
}

std::string shown_line(const topology::PlannedChannel& layout, std::uint64_t sequence, std::string_view bytes) {
  return "{\"sequence\":" + std::to_string(sequence) +
         ",\"message\":" + topology::show_message(layout, bytes, bytes.size()) + '}';
}

int refuse(const Error& error) {
  std::cerr << "steadyctl: " << printable(error.message) << '\n';
  return error.code == ErrorCode::Invalid ? 1 : 3;
}

}  // namespace steady::control
