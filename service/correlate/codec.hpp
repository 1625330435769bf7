#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// How states are written: LEB128 integers, length-prefixed bytes, a magic, a version and a CRC-32.
namespace correlate {

/// Appends to a growing text.
class Writer {
public:
    void number(std::uint64_t value);
    void signed_number(std::int64_t value);  ///< Zigzag.
    void real(double value);                 ///< All 64 bits, little-endian.
    void bytes(std::string_view value);      ///< With its length.
    void flag(bool value) { number(value ? 1 : 0); }

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    /// magic, version, content, CRC-32 of all of it.
    [[nodiscard]] std::string seal(std::string_view magic, std::uint64_t version) &&;

private:
    std::string text_;
};

/// Reads what Writer wrote. Reading past the end or a malformed number makes it bad for good; it
/// then gives zeros, so that callers check `good` once.
class Reader {
public:
    explicit Reader(std::string_view text) noexcept : text_(text) {}

    std::uint64_t number() noexcept;
    std::int64_t signed_number() noexcept;
    double real() noexcept;
    std::string_view bytes() noexcept;  ///< Borrows from the text given at construction.
    bool flag() noexcept { return number() != 0; }
    /// A count of things of at least `each` bytes, so that a lie cannot make anybody allocate much.
    std::uint64_t count(std::uint64_t each = 1) noexcept;

    [[nodiscard]] bool good() const noexcept { return good_; }
    [[nodiscard]] bool done() const noexcept { return good_ && text_.empty(); }
    void spoil() noexcept { good_ = false; }

private:
    std::string_view text_;
    bool good_ = true;
};

/// The content of a sealed text, borrowed. Fault::invalid when the magic, the version or the CRC-32
/// is another; `what` names the state in the reason.
base::Result<std::string_view> unseal(std::string_view sealed, std::string_view magic,
                                      std::uint64_t version, std::string_view what);

}  // namespace correlate
