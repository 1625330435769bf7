#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace base {

using Digest = std::array<std::uint8_t, 32>;

/// SHA-256 (FIPS 180-4) of the bytes.
[[nodiscard]] Digest sha256(std::string_view bytes);

/// HMAC-SHA-256 (RFC 2104). For many messages under one key, keep a Mac instead.
[[nodiscard]] Digest hmac_sha256(std::string_view key, std::string_view message);

/// HMAC-SHA-256 under one key, several times cheaper a message than hmac_sha256.
class Mac {
public:
    explicit Mac(std::string_view key);
    ~Mac();
    Mac(Mac&& other) noexcept;
    Mac& operator=(Mac&& other) noexcept;
    [[nodiscard]] Digest operator()(std::string_view message) const;

private:
    struct States;  // the hash states behind the padded key
    std::unique_ptr<States> states_;
};

/// Builds the text that ids are hashed from: each part preceded by its length as 8 bytes, so that
/// ("a", "bc") and ("ab", "c") never collide.
class LengthPrefixed {
public:
    LengthPrefixed& add(std::string_view part);
    LengthPrefixed& add(std::int64_t number);
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
};

/// Lower-case hexadecimal.
[[nodiscard]] std::string hex(std::span<const std::uint8_t> bytes);
/// RFC 4648 base32 in lower case, without padding: 16 bytes become 26 characters.
[[nodiscard]] std::string base32(std::span<const std::uint8_t> bytes);
/// RFC 4648 base64 with padding.
[[nodiscard]] std::string base64(std::span<const std::uint8_t> bytes);
/// The bytes of a base64 text; false when it is not one. Padding is compulsory.
[[nodiscard]] bool from_base64(std::string_view text, std::string& bytes);

/// True when both are equal; takes the same time wherever they differ.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

/// Bytes from the system's generator; aborts when there are none, since nothing safe can follow.
void random_bytes(std::span<std::uint8_t> out);

}  // namespace base
