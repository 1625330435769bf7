#include "base/log.hpp"

#include "base/time.hpp"
#include "base/utf8.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <cstdio>
#include <memory>

namespace base::log {
namespace {

spdlog::logger& logger() {
    static const auto instance = [] {
        auto made = std::make_shared<spdlog::logger>(
            "callerprint", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%v");
        made->flush_on(spdlog::level::debug);
        return made;
    }();
    return *instance;
}

constexpr std::string_view level_name(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warn:
            return "warn";
        case Level::error:
            return "error";
    }
    return "error";
}

constexpr spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warn:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
    if (!logger().should_log(to_spdlog(level))) return;
    boost::json::object line;
    line["time"] = to_rfc3339(WallClock::now());
    line["level"] = level_name(level);
    line["message"] = message;
    for (const auto& field : fields) {
        std::visit(
            [&](const auto& value) {
                if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string_view>) {
                    line[field.name] = safe(value);
                } else {
                    line[field.name] = value;
                }
            },
            field.value);
    }
    logger().log(to_spdlog(level), "{}", boost::json::serialize(line));
}

bool forges(char32_t c) {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

}  // namespace

void set_level(Level level) {
    logger().set_level(to_spdlog(level));
}

void debug(std::string_view message, std::initializer_list<Field> fields) {
    write(Level::debug, message, fields);
}
void info(std::string_view message, std::initializer_list<Field> fields) {
    write(Level::info, message, fields);
}
void warn(std::string_view message, std::initializer_list<Field> fields) {
    write(Level::warn, message, fields);
}
void error(std::string_view message, std::initializer_list<Field> fields) {
    write(Level::error, message, fields);
}

std::string safe(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto [code_point, size] = utf8::decode(text, at);
        if (code_point == utf8::invalid) {
            out += "\uFFFD";
        } else if (forges(code_point)) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(code_point));
            out += escape;
        } else {
            out.append(text, at, size);
        }
        at += size;
    }
    return out;
}

}  // namespace base::log
