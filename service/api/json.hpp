#pragma once

#include "base/time.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace api {

inline constexpr std::string_view json_type = "application/json";

/// What is not there is null.
[[nodiscard]] inline boost::json::value text_or_null(const std::string& text) {
    return text.empty() ? boost::json::value(nullptr) : boost::json::value(text);
}
[[nodiscard]] inline boost::json::value time_or_null(const std::optional<base::WallTime>& time) {
    return time ? boost::json::value(base::to_rfc3339(*time)) : boost::json::value(nullptr);
}

}  // namespace api
