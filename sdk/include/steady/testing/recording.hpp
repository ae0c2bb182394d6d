// What `steadyctl record` has written, for tests: the messages of a real channel, in order.
//
//   const auto recording = steady::testing::Recording::load("verdicts.jsonl");
//   harness.feed("verdicts", recording);
//
// Part of <steady/testing.hpp>. Needs nothing but the standard library.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace steady::detail {

/// One JSON value at a time, just enough to find the members of an object. Throws std::invalid_argument.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  /// The members of the one object that the text is, each value as it stands there.
  static std::map<std::string, std::string_view> members(std::string_view text) {
    JsonReader reader(text);
    std::map<std::string, std::string_view> found;
    reader.expect('{');
    if (reader.peek() != '}') {
      do {
        std::string name(unquoted(reader.string()));
        reader.expect(':');
        found[std::move(name)] = reader.value(0);
      } while (reader.take(','));
    }
    reader.expect('}');
    reader.skip_blanks();
    if (reader.at_ != text.size()) wrong();
    return found;
  }
  /// The text between the quotes; what is escaped in it stays so. Names, types and digits have no escapes.
  static std::string_view unquoted(std::string_view value) {
    if (value.size() < 2 || value.front() != '"') wrong();
    return value.substr(1, value.size() - 2);
  }
  static std::uint64_t number(std::string_view value) {
    std::uint64_t result = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (error != std::errc() || end != value.data() + value.size()) wrong();
    return result;
  }

 private:
  [[noreturn]] static void wrong() { throw std::invalid_argument("this is no line of a recording"); }
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
  }
  char peek() {
    skip_blanks();
    if (at_ == text_.size()) wrong();
    return text_[at_];
  }
  bool take(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!take(wanted)) wrong();
  }
  std::string_view string() {
    skip_blanks();
    const std::size_t begin = at_;
    expect('"');
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? std::size_t{2} : std::size_t{1};
    if (at_ >= text_.size()) wrong();
    ++at_;
    return text_.substr(begin, at_ - begin);
  }
  std::string_view value(int depth) {
    static constexpr int kDeepest = 16;
    const char first = peek();
    const std::size_t begin = at_;
    if (depth > kDeepest) wrong();
    if (first == '"') return string();
    if (first == '{' || first == '[') {
      const char last = first == '{' ? '}' : ']';
      ++at_;
      if (!take(last)) {
        do {
          if (first == '{') {
            string();
            expect(':');
          }
          value(depth + 1);
        } while (take(','));
        expect(last);
      }
    } else {
      while (at_ < text_.size() && std::string_view(",]} \t\r").find(text_[at_]) == std::string_view::npos) ++at_;
      if (at_ == begin) wrong();
    }
    return text_.substr(begin, at_ - begin);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

inline std::string bytes_of_hex(std::string_view hex) {
  std::string bytes;
  for (; hex.size() >= 2; hex.remove_prefix(2)) {
    unsigned char byte = 0;
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + 2, byte, 16);
    if (error != std::errc() || end != hex.data() + 2) break;
    bytes += static_cast<char>(byte);
  }
  if (!hex.empty()) throw std::invalid_argument("\"hex\" holds something else than two digits per byte");
  return bytes;
}

}  // namespace steady::detail

namespace steady::testing {

/// A recording in memory. Immutable.
class Recording {
 public:
  /// Reads a file of `steadyctl record`. Throws std::runtime_error when it cannot be read, std::invalid_argument with
  /// file and line when it is no recording.
  static Recording load(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path);
    Recording recording;
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);) {
      try {
        if (++number == 1)
          recording.read_header(line);
        else
          recording.read_line(line);
      } catch (const std::invalid_argument& error) {
        throw std::invalid_argument(path + ":" + std::to_string(number) + ": " + error.what());
      }
    }
    if (number == 0) throw std::invalid_argument(path + ": is empty");
    return recording;
  }

  [[nodiscard]] const std::string& channel() const { return channel_; }
  /// Whether its messages are frames; otherwise each has message_size() bytes of the type message_name().
  [[nodiscard]] bool frames() const { return frames_; }
  [[nodiscard]] const std::string& message_name() const { return message_name_; }
  [[nodiscard]] std::uint64_t message_size() const { return message_size_; }
  /// The bytes of each message, in order.
  [[nodiscard]] const std::vector<std::string>& messages() const { return messages_; }
  /// How many the recorder has missed in between.
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }

 private:
  using Json = detail::JsonReader;

  static std::string_view member(const std::map<std::string, std::string_view>& members, const char* name) {
    const auto found = members.find(name);
    if (found == members.end()) throw std::invalid_argument("\"" + std::string(name) + "\" is missing");
    return found->second;
  }
  void read_header(std::string_view line) {
    const auto members = Json::members(line);
    if (member(members, "steadyd_recording") != "1") throw std::invalid_argument("a recording of a later version");
    channel_ = Json::unquoted(member(members, "channel"));
    const std::string_view message = member(members, "message");
    frames_ = message == "\"frames\"";
    if (frames_) return;
    const auto layout = Json::members(message);
    message_name_ = Json::unquoted(member(layout, "name"));
    message_size_ = Json::number(member(layout, "size"));
  }
  void read_line(std::string_view line) {
    const auto members = Json::members(line);
    const auto skipped = members.find("skipped");
    if (skipped != members.end()) {
      skipped_ += Json::number(skipped->second);
      return;
    }
    std::string bytes = detail::bytes_of_hex(Json::unquoted(member(members, "hex")));
    if (!frames_ && bytes.size() != message_size_)
      throw std::invalid_argument("a message of " + std::to_string(bytes.size()) + " bytes, not " +
                                  std::to_string(message_size_));
    messages_.push_back(std::move(bytes));
  }

  std::string channel_;
  bool frames_ = false;
  std::string message_name_;
  std::uint64_t message_size_ = 0;
  std::vector<std::string> messages_;
  std::uint64_t skipped_ = 0;
};

}  // namespace steady::testing
