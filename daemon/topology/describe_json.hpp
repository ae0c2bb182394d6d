// Reading checked values out of JSON that foreign code printed. The first thing that is wrong is kept, and everything
// read after it is a harmless default, so that a reader runs straight through and looks at the error once, at its end.
// Only .cpp files of this folder include it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace steady::topology {

/// The first error, shared by every value of one document.
class JsonError {
 public:
  void set(const std::string& path, const std::string& message) {
    if (text_.empty()) text_ = path + ": " + message;
  }
  [[nodiscard]] bool is_set() const { return !text_.empty(); }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// One value and the path to it: "types[0].ports[2].name".
class JsonValue {
 public:
  JsonValue(const nlohmann::json& value, std::string path, JsonError& error)
      : value_(&value), path_(std::move(path)), error_(&error) {}

  /// A member of an object. An absent one reads as null: that is fine only for the optional_ readers.
  [[nodiscard]] JsonValue operator[](const char* key) const;

  /// An identifier as in the configuration.
  [[nodiscard]] std::string name() const;
  /// A line of at most `longest` bytes; control characters become blanks. Absent: empty.
  [[nodiscard]] std::string optional_text(std::size_t longest) const;
  /// Like optional_text, but neither absent nor empty.
  [[nodiscard]] std::string text(std::size_t longest) const;
  [[nodiscard]] std::uint64_t integer(std::uint64_t min, std::uint64_t max) const;
  /// Absent: `otherwise`.
  [[nodiscard]] std::uint64_t optional_integer(std::uint64_t min, std::uint64_t max, std::uint64_t otherwise) const;
  /// Absent: false.
  [[nodiscard]] bool optional_flag() const;
  /// How many elements a list has, at most `most`. Absent: 0.
  [[nodiscard]] std::size_t optional_list(std::size_t most) const;
  [[nodiscard]] JsonValue at(std::size_t index) const;

  void fail(const std::string& message) const { error_->set(path_, message); }
  [[nodiscard]] bool failed() const { return error_->is_set(); }

 private:
  const nlohmann::json* value_;
  std::string path_;
  JsonError* error_;
};

}  // namespace steady::topology
