#include "control/ctl/channel_commands.hpp"

#include <cstdint>
#include <memory>
#include <optional>

#include "control/ctl/inject.hpp"
#include "control/ctl/tap.hpp"

namespace steady::control {
namespace {

void add_tap(CLI::App& app, const std::string& socket, int& result) {
  auto* command = app.add_subcommand("tap", "copies of a channel's messages as JSON lines, which nobody notices");
  const auto wishes = std::make_shared<TapWishes>();
  command->add_option("channel", wishes->channel, "the channel: ACTOR.PORT of its producer")->required();
  command->add_option("-n", wishes->newest, "the newest N, read or not, instead of what waits");
  command->add_flag("-f,--follow", wishes->follow, "go on with what comes");
  command->add_flag("--raw", wishes->raw, "the bytes of the messages; of frames a line each");
  command->callback([wishes, &socket, &result] { result = tap_channel(socket, *wishes); });
}

struct Files {
  std::string channel;
  std::string file;
  std::optional<std::uint64_t> most;
  bool raw = false;
};

void add_record(CLI::App& app, const std::string& socket, int& result) {
  auto* command = app.add_subcommand("record", "follow a channel into a file, for replay and for tests");
  const auto files = std::make_shared<Files>();
  command->add_option("channel", files->channel, "the channel: ACTOR.PORT of its producer")->required();
  command->add_option("file", files->file, "written anew")->required();
  command->add_option("-n", files->most, "until there are N");
  command->callback(
      [files, &socket, &result] { result = record_channel(socket, files->channel, files->file, files->most); });
}

void add_inject(CLI::App& app, const std::string& socket, int& result) {
  auto* command =
      app.add_subcommand("inject", "add messages to a channel whose producer is stopped, or that is injectable");
  const auto files = std::make_shared<Files>();
  command->add_option("channel", files->channel, "the channel: ACTOR.PORT of its producer")->required();
  command->add_option("file", files->file, "JSON lines: each an object of a message's fields; stdin unless given");
  command->add_flag("--raw", files->raw, "bytes instead: whole messages, or a frame per line");
  command->callback(
      [files, &socket, &result] { result = inject_file(socket, files->channel, files->file, files->raw); });
}

void add_replay(CLI::App& app, const std::string& socket, int& result) {
  auto* command = app.add_subcommand("replay", "inject what was recorded");
  const auto files = std::make_shared<Files>();
  command->add_option("file", files->file, "of steadyctl record")->required();
  command->add_option("channel", files->channel, "another channel than the recorded one");
  command->callback([files, &socket, &result] { result = replay_file(socket, files->file, files->channel); });
}

}  // namespace

void add_channel_commands(CLI::App& app, const std::string& socket, int& result) {
  add_tap(app, socket, result);
  add_record(app, socket, result);
  add_inject(app, socket, result);
  add_replay(app, socket, result);
}

}  // namespace steady::control
