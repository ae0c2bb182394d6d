#include "control/ctl/letters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "control/ctl/fields.hpp"

namespace steady::control {
namespace {

using nlohmann::json;

constexpr std::size_t kTextWidth = 100;
constexpr std::size_t kDumpedBytes = 4096;
constexpr std::size_t kBytesPerLine = 16;

Cell count_cell(const json& object, const char* key) {
  return number_cell(std::to_string(count_of(object, key)));
}

/// The message as its description prints it, or at least what it is.
std::string message_of(const json& letter) {
  const auto text = text_of(letter, "text");
  return text.empty() ? text_of(letter, "message") : text;
}

Row letter_row(const json& letter) {
  return {count_cell(letter, "id"),
          {text_of(letter, "state")},
          {text_of(letter, "at")},
          {text_of(letter, "actor")},
          {text_of(letter, "channel")},
          count_cell(letter, "sequence"),
          count_cell(letter, "deliveries"),
          {clipped(message_of(letter), kTextWidth)}};
}

// ---- payload

/// What is not hexadecimal ends it.
std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (; hex.size() >= 2; hex.remove_prefix(2)) {
    std::uint8_t byte = 0;
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + 2, byte, 16);
    if (error != std::errc() || end != hex.data() + 2) break;
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

/// "00000010  48 65 6c 6c 6f                                   |Hello|".
std::string dump_line(std::size_t offset, std::string_view bytes) {
  std::string digits;
  std::string characters;
  for (const char character : bytes) {
    const auto byte = static_cast<unsigned char>(character);
    digits += fmt::format("{:02x} ", byte);
    characters += byte >= ' ' && byte < 0x7f ? character : '.';
  }
  return fmt::format("  {:08x}  {:<48} |{}|\n", offset, digits, characters);
}

std::string hexdump(std::string_view bytes) {
  std::string text;
  const auto end = std::min(bytes.size(), kDumpedBytes);
  for (std::size_t offset = 0; offset < end; offset += kBytesPerLine)
    text += dump_line(offset, bytes.substr(offset, std::min(kBytesPerLine, end - offset)));
  if (bytes.size() > end) text += fmt::format("  and {} bytes more; --json has them all\n", bytes.size() - end);
  return text;
}

// ---- one letter

std::string field_line(const char* name, const std::string& value) {
  return value.empty() ? "" : fmt::format("  {:<9} {}\n", name, printable(value));
}

std::string number_line(const char* name, std::uint64_t value) {
  return value == 0 ? "" : field_line(name, std::to_string(value));
}

}  // namespace

std::string render_letters(const json& answer, const Screen& screen) {
  std::vector<Row> rows;
  for (const auto& letter : member(answer, "letters")) rows.push_back(letter_row(letter));
  if (rows.empty()) return "no dead letters\n";
  return render_table({"ID", "STATE", "TIME", "ACTOR", "CHANNEL", "SEQUENCE", "DEATHS", "MESSAGE"}, rows, screen);
}

std::string render_letter(const json& letter) {
  const auto payload = bytes_of(text_of(letter, "payload_hex"));
  const auto incident = text_of(letter, "incident_text");
  return fmt::format("dead letter {}, {}\n", count_of(letter, "id"), printable(text_of(letter, "state"))) +
         field_line("time", text_of(letter, "at")) +
         field_line("reader", text_of(letter, "actor") + '.' + text_of(letter, "port")) +
         field_line("channel", text_of(letter, "channel")) + field_line("producer", text_of(letter, "producer")) +
         field_line("sequence", std::to_string(count_of(letter, "sequence"))) +
         number_line("deaths", count_of(letter, "deliveries")) + number_line("incident", count_of(letter, "incident")) +
         number_line("ticket", count_of(letter, "ticket")) + field_line("type", text_of(letter, "message")) +
         field_line("message", text_of(letter, "text")) + field_line("payload", bytes_text(payload.size())) +
         hexdump(payload) + (incident.empty() ? "" : '\n' + printable_lines(incident));
}

std::string render_replay(const json& answer) {
  const auto replayed = count_of(answer, "replayed");
  const auto waiting = count_of(answer, "waiting");
  std::string text;
  if (replayed > 0) text = fmt::format("{} on {} way back", replayed, replayed == 1 ? "its" : "their");
  if (replayed > 0 && waiting > 0) text += ", ";
  if (waiting == 1) text += "1 waits for its producer to run";
  if (waiting > 1) text += fmt::format("{} wait for their producers to run", waiting);
  if (text.empty()) text = "nothing to replay";
  text += '\n';
  for (const auto& note : member(answer, "notes"))
    if (note.is_string()) text += printable(note.get<std::string>()) + '\n';
  return text;
}

std::string render_purge(const json& answer) {
  const auto purged = count_of(answer, "purged");
  return fmt::format("{} {} purged\n", purged, purged == 1 ? "letter" : "letters");
}

}  // namespace steady::control
