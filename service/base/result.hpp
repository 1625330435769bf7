#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace base {

/// What the caller can do about a failure; one table each makes it an HTTP status, an exit code, a
/// retry.
enum class Fault : std::uint8_t {
    invalid,       ///< The input is wrong: fix it, do not retry.
    unauthorised,  ///< Who asks is unknown or may not do this.
    not_found,     ///< The thing named does not exist.
    conflict,      ///< Somebody changed it meanwhile: read again.
    exhausted,     ///< A limit is reached: slow down.
    unavailable,   ///< A peer is away: retry later.
};

/// The fault's name, as it stands in logs and metric labels.
[[nodiscard]] std::string_view name(Fault fault) noexcept;

/// Why something failed: what a caller can do, and a sentence for a person that names where, what,
/// and what to do instead. The sentence never holds payloads or secrets.
struct [[nodiscard]] Error {
    Fault fault = Fault::invalid;
    std::string reason;
};

/// What a stranger, a peer or a file can make fail. Bugs abort instead (assert.hpp).
template <class T>
using Result = std::expected<T, Error>;

/// Shorthand for the failing side of a Result.
[[nodiscard]] inline std::unexpected<Error> fail(Fault fault, std::string reason) {
    return std::unexpected(Error{fault, std::move(reason)});
}

}  // namespace base
