#pragma once

#include "decode/tape.hpp"

#include <string>
#include <string_view>
#include <unordered_set>

namespace decode {

/// Appends the text as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void write_json_string(std::string_view text, std::string& out);

/// Appends the value of a tape as JSON.
void write_json(const Tape& tape, std::size_t at, std::string& out);

/// Builds one JSON object on one line. Of members with the same key the first stays.
class ObjectWriter {
public:
    /// `json` is a JSON value.
    void member(std::string_view key, std::string_view json);
    void text(std::string_view key, std::string_view value);
    [[nodiscard]] bool has(std::string_view key) const { return keys_.contains(std::string(key)); }
    /// Appends the object and a line end.
    void finish(std::string& out) const;

private:
    std::unordered_set<std::string> keys_;
    std::string members_;
};

}  // namespace decode
