#include "coverage/canary.hpp"

#include "base/assert.hpp"

namespace coverage {
namespace {

constexpr std::string_view prefix = "canary-";
constexpr std::size_t part = 16;  // characters, 80 bits

}  // namespace

CanaryKeys::CanaryKeys(std::string_view secret) {
    if (!secret.empty()) mac_.emplace(secret);
}

std::string CanaryKeys::code(std::string_view number) const {
    return base::base32((*mac_)(number)).substr(0, part);
}

std::string CanaryKeys::make(const std::array<std::uint8_t, 10>& random) const {
    BASE_ASSERT(mac_);
    const std::string number = base::base32(random);
    return std::string(prefix) + number + "-" + code(number);
}

bool CanaryKeys::is(std::string_view key) const {
    // Nearly every call ends at the first of these.
    if (!key.starts_with(prefix) || key.size() != prefix.size() + 2 * part + 1 || !mac_)
        return false;
    key.remove_prefix(prefix.size());
    return key[part] == '-' &&
           base::equal_in_constant_time(key.substr(part + 1), code(key.substr(0, part)));
}

}  // namespace coverage
