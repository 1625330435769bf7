#include "decode/line_walker.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

namespace decode {
namespace {

constexpr std::array<bool, 256> bytes_of(std::string_view text) {
    std::array<bool, 256> out{};
    for (const char c : text) out[static_cast<unsigned char>(c)] = true;
    return out;
}

constexpr std::string_view blanks = " \t\r\n";
/// What may stand behind a number or a word.
constexpr auto ends_scalar = bytes_of(" \t\r\n,:[]{}");

bool among(const std::array<bool, 256>& bytes, char c) {
    return bytes.data()[static_cast<unsigned char>(c)];
}

bool digit(char c) {
    return c >= '0' && c <= '9';
}

/// A run of digits, eight bytes at once: how long numbers are cannot be predicted either.
struct Digits {
    std::ptrdiff_t count = 0;  // 0 to 8
    std::uint64_t number = 0;
    std::uint64_t power = 1;  // 10 to the count

    static Digits at(const char* text) {
        static constexpr std::array<std::uint64_t, 9> powers = {
            1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};
        std::uint64_t bytes = 0;
        for (unsigned i = 0; i < 8; ++i) {  // One load where the lowest byte is the first.
            bytes |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
        }
        const std::uint64_t halves = bytes ^ 0x3030'3030'3030'3030u;
        const std::uint64_t others =
            (halves | (halves + 0x0606'0606'0606'0606u)) & 0xf0f0'f0f0'f0f0'f0f0u;
        const auto count = static_cast<unsigned>(others == 0 ? 8 : std::countr_zero(others) / 8);
        // Zeros in front instead of what stands behind; neighbours are joined three times.
        std::uint64_t joined = count == 0 ? 0 : halves << (64 - 8 * count);
        joined = (joined * 10 + (joined >> 8)) & 0x00ff'00ff'00ff'00ffu;
        joined = (joined * 100 + (joined >> 16)) & 0x0000'ffff'0000'ffffu;
        joined = (joined * 10'000 + (joined >> 32)) & 0x0000'0000'ffff'ffffu;
        return {count, joined, powers.data()[count]};
    }
};

}  // namespace

/// The bytes between the quotes. Behind a string stands its quote, perhaps blanks, and the next
/// part, or the end of the block.
bool LineWalker::string_at(Part at, std::string_view& out) const {
    const char* start = base_ + *at + 1;
    const char* last = base_ + at[1] - 1;
    if (*last != '"') [[unlikely]] {
        while (last > start && blanks.contains(*last)) --last;
        if (*last != '"') return false;
    }
    out = {start, static_cast<std::size_t>(last - start)};
    return last >= start;
}

LineWalker::Part LineWalker::string(Part at, const Node* node) {
    const bool plain = !may_hold_escape(at);
    if (plain && node == nullptr) return at + 1;
    std::string_view text;
    if (!string_at(at, text)) return nullptr;
    if (!plain && !unescape(text)) return nullptr;
    if (node != nullptr) walker_.found_text(*node, text);
    return at + 1;
}

/// Reads a string that the next backslash stands in, or right behind.
bool LineWalker::unescape(std::string_view& text) {
    const char* const text_behind = text.data() + text.size();
    if (escape_ >= text_behind) return true;
    // It stands between parts; or the record broke off, and this is of the next.
    if (escape_ < text.data() || text_behind > text_end_) return false;
    char* end = index_.unescape(text.data(), unescaped_end_);
    if (end == nullptr) return false;
    text = {unescaped_end_, static_cast<std::size_t>(end - unescaped_end_)};
    unescaped_end_ = end;
    const std::string_view rest(text_behind, static_cast<std::size_t>(text_end_ - text_behind));
    escape_ = rest.data() + std::min(rest.find('\\'), rest.size());
    return true;
}

bool LineWalker::word(Part at, std::string_view spelling) const {
    const char* start = base_ + *at;
    return std::memcmp(start, spelling.data(), spelling.size()) == 0 &&
           among(ends_scalar, start[spelling.size()]);
}

/// One path for both, since which it is cannot be predicted.
LineWalker::Part LineWalker::boolean(Part at, const Node* node) {
    const bool is_true = word(at, "true");
    const bool is_false = word(at, "false");
    if (is_true == is_false) return nullptr;
    if (node != nullptr) walker_.found(*node, is_true);
    return at + 1;
}

LineWalker::Part LineWalker::number(Part at, const Node* node) {
    constexpr std::ptrdiff_t most_digits = 18;  // They fit 63 bits, whatever they are.
    const char* start = base_ + *at;
    const bool negative = *start == '-';
    if (negative) ++start;
    const char* end = start;
    std::uint64_t number = 0;
    for (Digits eight = Digits::at(end); end - start <= most_digits; eight = Digits::at(end)) {
        number = number * eight.power + eight.number;
        end += eight.count;
        if (eight.count < 8) break;
    }
    const std::ptrdiff_t size = end - start;
    if (size == 0 || size > most_digits || (*start == '0' && size > 1)) return nullptr;
    if (*end == '.' || (*end | 0x20) == 'e') return real(at, node);
    if (!among(ends_scalar, *end)) return nullptr;
    if (node != nullptr) {
        const auto absolute = static_cast<std::int64_t>(number);
        walker_.found(*node, negative ? -absolute : absolute);
    }
    return at + 1;
}

/// A number whose whole part was looked at already.
LineWalker::Part LineWalker::real(Part at, const Node* node) {
    const char* const start = base_ + *at;
    const char* const most = start + LineIndex::padding / 2;  // Readable behind any text.
    const auto digits = [&](const char*& from) {
        const char* first = from;
        while (from < most && digit(*from)) ++from;
        return from != first;
    };
    const char* end = start + (*start == '-' ? 1 : 0);
    digits(end);
    if (*end == '.' && !digits(++end)) return nullptr;
    if ((*end | 0x20) == 'e') {
        ++end;
        if (*end == '+' || *end == '-') ++end;
        if (!digits(end)) return nullptr;
    }
    if (end >= most || !among(ends_scalar, *end)) return nullptr;
    double number = 0;
    const auto [stop, fault] = std::from_chars(start, end, number);
    if (fault != std::errc{} || stop != end || !std::isfinite(number)) return nullptr;
    if (node != nullptr) walker_.found(*node, number);
    return at + 1;
}

}  // namespace decode
