#pragma once

#include "alert/alert.hpp"
#include "policy/set.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace alert {

/// One sentence with the numbers compared: "5 keys called from origin of1:ab within 1 h; the policy
/// allows fewer than 5". Plain text of one line: control and direction characters in what strangers
/// wrote are replaced, long values cut, keys shortened.
[[nodiscard]] std::string summary_of(const policy::Set& set, const correlate::Firing& firing,
                                     const Subject& subject);

/// "rule", or the correlation's type: "event_count" ...
[[nodiscard]] std::string detection_of(const policy::Set& set, policy::PolicyIndex policy);

/// True when alerts of the policy are recorded and told to nobody: it is in trial, or out of
/// service. One without a status was written to be told of.
[[nodiscard]] bool is_shadow(const policy::Policy& policy) noexcept;

/// "90 s", "15 min", "1 h", "7 d": the largest unit that leaves a whole number.
[[nodiscard]] std::string duration_text(std::chrono::microseconds duration);

/// "5", "99.5"; six significant digits at most when it is not whole.
[[nodiscard]] std::string number_text(double number);

/// What may stand in a line of plain text: no control, direction or invisible characters, at most
/// `longest` code points.
[[nodiscard]] std::string line_text(std::string_view text, std::size_t longest = 64);

/// The same of a key; of one of more than 12 bytes enough to recognise it, too little to use it.
[[nodiscard]] std::string key_text(std::string_view key, std::size_t longest = 64);

}  // namespace alert
