#include "store/copy_text.hpp"

#include "base/digest.hpp"
#include "base/utf8.hpp"

#include <charconv>
#include <cmath>
#include <cstring>
#include <span>

namespace store {
namespace {

constexpr std::uint64_t ones = 0x0101'0101'0101'0101u;

/// Which of eight bytes are below `limit` (at most 0x80): their highest bits; others may be set
/// where a byte is 0x80 or above. Hacker's Delight, section 6-1.
std::uint64_t below(std::uint64_t word, std::uint64_t limit) {
    return (word - ones * limit) & ~word;
}

/// True for ASCII without control characters and backslashes, which goes out as it is: nearly all
/// text, seen eight bytes at a time.
bool is_plain(std::string_view text) {
    const auto odd = [](std::uint64_t word) {
        return (word | below(word, 0x20) | below(word ^ (ones * '\\'), 1)) & (ones * 0x80);
    };
    std::uint64_t word = 0;
    while (text.size() >= sizeof word) {
        std::memcpy(&word, text.data(), sizeof word);
        if (odd(word) != 0) return false;
        text.remove_prefix(sizeof word);
    }
    word = ones * ' ';
    if (!text.empty()) std::memcpy(&word, text.data(), text.size());
    return odd(word) == 0;
}

}  // namespace

void CopyText::separate() {
    if (!first_) out_ += '\t';
    first_ = false;
}

void CopyText::escaped(std::string_view value) {
    std::size_t plain = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        const char* code = c == '\\'   ? "\\\\"
                           : c == '\n' ? "\\n"
                           : c == '\r' ? "\\r"
                           : c == '\t' ? "\\t"
                                       : nullptr;
        if (code == nullptr) continue;
        out_.append(value, plain, i - plain);
        out_ += code;
        plain = i + 1;
    }
    out_.append(value, plain, value.size() - plain);
}

CopyText& CopyText::text(std::string_view value) {
    separate();
    if (is_plain(value)) {
        out_ += value;
    } else if (base::utf8::valid(value) && !value.contains('\0')) {
        escaped(value);
    } else {
        escaped(base::utf8::storable(value));
    }
    return *this;
}

CopyText& CopyText::bounded(std::string_view value, std::size_t max_bytes) {
    return value.size() <= max_bytes ? text(value) : text(store::bounded(value, max_bytes));
}

CopyText& CopyText::integer(std::int64_t value) {
    separate();
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value);
    out_.append(digits, end.ptr);
    return *this;
}

CopyText& CopyText::counter(std::uint64_t value) {
    return integer(value > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(value));
}

CopyText& CopyText::real(double value) {
    separate();
    char digits[40];
    const auto end =
        std::to_chars(digits, digits + sizeof digits, std::isfinite(value) ? value : 0.0);
    out_.append(digits, end.ptr);
    return *this;
}

CopyText& CopyText::boolean(bool value) {
    separate();
    out_ += value ? 't' : 'f';
    return *this;
}

CopyText& CopyText::null() {
    separate();
    out_ += "\\N";
    return *this;
}

CopyText& CopyText::time(base::EventTime value) {
    separate();
    const auto micros = base::micros(value);
    if (micros != last_second_ || last_text_.empty()) {
        last_text_ = base::to_rfc3339(value);
        last_second_ = micros;
    }
    out_ += last_text_;
    return *this;
}

CopyText& CopyText::texts(const std::string* first, std::size_t count) {
    separate();
    std::string list = "{";
    for (const auto& value : std::span(first, count)) {
        if (list.size() > 1) list += ',';
        list += '"';
        for (const char c : base::utf8::storable(value)) {
            if (c == '"' || c == '\\') list += '\\';
            list += c;
        }
        list += '"';
    }
    escaped(list + "}");
    return *this;
}

void CopyText::end_row() {
    out_ += '\n';
    first_ = true;
}

std::string bounded(std::string_view value, std::size_t max_bytes) {
    if (value.size() <= max_bytes) return std::string(value);
    const auto digest = base::sha256(value);
    // A code point cut in two becomes U+FFFD, as any invalid text does.
    return base::utf8::storable(value.substr(0, max_bytes - 20)) + "~" +
           base::hex(std::span(digest).first(8));
}

std::string storable_json(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (json[i] != '\\' || i + 1 == json.size()) {
            out += json[i];
        } else if (json.substr(i).starts_with("\\u0000")) {
            out += "\\ufffd";
            i += 5;
        } else {
            out += json[i++];
            out += json[i];
        }
    }
    return base::utf8::valid(out) ? out : base::utf8::storable(out);
}

}  // namespace store
