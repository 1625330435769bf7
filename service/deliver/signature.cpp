#include "deliver/signature.hpp"

#include "base/digest.hpp"

#include <array>
#include <chrono>
#include <cstdint>

namespace deliver {
namespace {

constexpr std::string_view prefix = "whsec_";
constexpr std::size_t least_key_bytes = 24;
constexpr std::size_t most_key_bytes = 64;

}  // namespace

std::string new_secret() {
    std::array<std::uint8_t, 32> key{};
    base::random_bytes(key);
    return std::string(prefix) + base::base64(key);
}

base::Result<std::string> key_of(std::string_view secret) {
    std::string key;
    const bool reads =
        secret.starts_with(prefix) && base::from_base64(secret.substr(prefix.size()), key);
    if (!reads || key.size() < least_key_bytes || key.size() > most_key_bytes) {
        return base::fail(base::Fault::invalid,
                          "a webhook secret must be whsec_ and the base64 of 24 to 64 bytes");
    }
    return key;
}

std::string timestamp(base::WallTime at) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at.time_since_epoch());
    return std::to_string(seconds.count());
}

base::Result<std::string> signature(std::string_view id, base::WallTime at, std::string_view body,
                                    std::span<const std::string> secrets) {
    if (secrets.empty()) {
        return base::fail(base::Fault::invalid, "the endpoint has no secret to sign with");
    }
    std::string text;
    text.reserve(id.size() + body.size() + 16);
    text.append(id).append(".").append(timestamp(at)).append(".").append(body);
    std::string out;
    for (const auto& secret : secrets) {
        const auto key = key_of(secret);
        if (!key) return std::unexpected(key.error());
        if (!out.empty()) out += ' ';
        out += "v1," + base::base64(base::hmac_sha256(*key, text));
    }
    return out;
}

}  // namespace deliver
