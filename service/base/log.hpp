#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

/// One JSON line on stderr for each thing the person on call wants to know. The message is constant
/// ("deliver.refused"), the facts are fields; payloads and secrets stay out.
namespace base::log {

enum class Level : std::uint8_t { debug, info, warn, error };

struct Field {
    std::string_view name;
    std::variant<std::int64_t, double, bool, std::string_view> value;

    Field(std::string_view n, std::string_view v) : name(n), value(v) {}
    Field(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
    Field(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
    Field(std::string_view n, bool v) : name(n), value(v) {}
    Field(std::string_view n, double v) : name(n), value(v) {}
    Field(std::string_view n, std::int64_t v) : name(n), value(v) {}
    Field(std::string_view n, std::uint64_t v) : name(n), value(static_cast<std::int64_t>(v)) {}
    Field(std::string_view n, int v) : name(n), value(static_cast<std::int64_t>(v)) {}
    Field(std::string_view n, unsigned v) : name(n), value(static_cast<std::int64_t>(v)) {}
};

/// Lines below this level are not written; info at first. Thread-safe, as is all of this file.
void set_level(Level level);

void debug(std::string_view message, std::initializer_list<Field> fields = {});
void info(std::string_view message, std::initializer_list<Field> fields = {});
void warn(std::string_view message, std::initializer_list<Field> fields = {});
void error(std::string_view message, std::initializer_list<Field> fields = {});

/// The text with every byte that could forge a line, drive a terminal or turn writing round
/// replaced by
/// \u escapes: C0 and C1 controls, DEL, bidirectional controls, invalid UTF-8 (as U+FFFD).
[[nodiscard]] std::string safe(std::string_view text);

}  // namespace base::log
