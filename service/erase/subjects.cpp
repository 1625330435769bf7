#include "erase/subjects.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "erase/borders.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace erase {
namespace {

bool is_unreserved(char c) {
    return base::ascii::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/// RFC 3986 section 2.1, with digits of this case.
std::string percent_encoded(std::string_view value, std::string_view digits) {
    std::string out;
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_unreserved(c)) {
            out += c;
        } else {
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    return out;
}

/// What the escape at `at` stands for, in UTF-8, and its length; length 0: there is none.
std::pair<std::string, std::size_t> unescaped(std::string_view text, std::size_t at) {
    static constexpr std::string_view names = "\"\\/bfnrt";
    static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (at + 1 >= text.size()) return {};
    if (const auto known = names.find(text[at + 1]); known != std::string_view::npos)
        return {std::string(1, meanings[known]), 2};
    const int unit = text[at + 1] == 'u' ? hex_at(text, at + 2, 4) : -1;
    if (unit < 0) return {};
    auto code_point = static_cast<char32_t>(unit);
    std::size_t size = 6;
    if (code_point >= 0xd800 && code_point < 0xdc00 && text.substr(at + 6).starts_with("\\u")) {
        const int low = hex_at(text, at + 8, 4);
        if (low >= 0xdc00 && low < 0xe000) {
            code_point =
                0x10000 + ((code_point - 0xd800) << 10) + (static_cast<char32_t>(low) - 0xdc00);
            size = 12;
        }
    }
    if (code_point >= 0xd800 && code_point < 0xe000) return {};
    std::string out;
    base::utf8::append(out, code_point);
    return {std::move(out), size};
}

/// The length of the text at `at` that spells the value with JSON's escapes; 0: none does.
std::size_t escaped_size(std::string_view text, std::size_t at, std::string_view value) {
    const std::size_t start = at;
    while (!value.empty()) {
        if (at >= text.size()) return 0;
        if (text[at] != '\\') {
            if (text[at++] != value.front()) return 0;
            value.remove_prefix(1);
            continue;
        }
        const auto [meaning, size] = unescaped(text, at);
        if (size == 0 || !value.starts_with(meaning)) return 0;
        value.remove_prefix(meaning.size());
        at += size;
    }
    return at - start;
}

bool is_blank(char c) {
    return c == ' ';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// What every spelling of an address of version 6 has in it, but for its case.
std::string part_of(const call::Address& address) {
    const std::string text = call::to_text(address);
    return text.starts_with("::") ? ":" : text.substr(0, text.find(':') + 1);
}

}  // namespace

base::Result<Subject> Subject::make(std::string value, std::string pseudonym) {
    const auto refuse = [](std::string why) {
        return base::fail(base::Fault::invalid, "a value to erase " + std::move(why));
    };
    if (value.size() < fewest_bytes || value.size() > most_bytes)
        return refuse("has " + std::to_string(fewest_bytes) + " to " + std::to_string(most_bytes) +
                      " bytes, not " + std::to_string(value.size()));
    if (!base::utf8::valid(value) || std::ranges::any_of(value, is_control))
        return refuse("is text without control characters");
    if (is_blank(value.front()) || is_blank(value.back())) return refuse("has no blanks around it");
    Subject out;
    out.address_ = call::parse_address(value);
    out.value_ = out.address_ ? call::to_text(*out.address_) : std::move(value);
    const bool number = std::ranges::all_of(out.value_, is_digit);
    out.pseudonym_ = number ? "0" : std::move(pseudonym);
    if (out.address_) out.pseudonym_ = out.address_->v6 ? "::" : "0.0.0.0";
    if (out.value_ == out.pseudonym_) return refuse("names nobody");
    if (out.address_) {
        out.needles_ = {out.address_->v6 ? part_of(*out.address_) : out.value_};
        return out;
    }
    out.needles_ = {out.value_, "\\u"};
    for (const std::string_view digits : {"0123456789ABCDEF", "0123456789abcdef"}) {
        auto encoded = percent_encoded(out.value_, digits);
        if (encoded == out.value_ || encoded == out.needles_.back()) continue;
        out.needles_.push_back(encoded);
        out.encoded_.push_back(std::move(encoded));
    }
    for (const std::string_view special : {"\"", "/"}) {
        if (out.value_.find(special) != std::string::npos)
            out.needles_.push_back('\\' + std::string(special));
    }
    if (out.value_.find('\\') != std::string::npos) out.needles_.emplace_back("\\\\");
    return out;
}

std::optional<Subject::Place> Subject::find(std::string_view text, std::size_t from) const {
    if (!address_) return find_name(text, from);
    return address_->v6 ? find_long_address(text, from)
                        : find_spelling(value_, text, from, is_address_part);
}

std::optional<Subject::Place> Subject::find_spelling(std::string_view spelling,
                                                     std::string_view text, std::size_t from,
                                                     bool (*is_part)(char32_t) noexcept) {
    for (std::size_t at = text.find(spelling, from); at != std::string_view::npos;
         at = text.find(spelling, at + 1)) {
        const std::size_t end = at + spelling.size();
        if (!joined_before(text, at, is_part) && !joined_behind(text, end, is_part))
            return Place{at, spelling.size()};
    }
    return std::nullopt;
}

std::optional<Subject::Place> Subject::find_escaped(std::string_view text, std::size_t from) const {
    if (text.find('\\', from) == std::string_view::npos) return std::nullopt;
    const std::array<char, 2> starts{value_.front(), '\\'};
    const std::string_view either(starts.data(), starts.size());
    for (std::size_t at = text.find_first_of(either, from); at != std::string_view::npos;
         at = text.find_first_of(either, at + 1)) {
        const std::size_t size = escaped_size(text, at, value_);
        if (size > 0 && !joined_before(text, at, is_name_part) &&
            !joined_behind(text, at + size, is_name_part))
            return Place{at, size};
    }
    return std::nullopt;
}

std::optional<Subject::Place> Subject::find_name(std::string_view text, std::size_t from) const {
    auto first = find_spelling(value_, text, from, is_name_part);
    const auto take = [&](const std::optional<Place>& other) {
        if (other && (!first || other->at < first->at)) first = other;
    };
    for (const auto& spelling : encoded_) take(find_spelling(spelling, text, from, is_name_part));
    take(find_escaped(text, from));
    return first;
}

// Runs of what addresses are written with; each is one as a whole, or none.
std::optional<Subject::Place> Subject::find_long_address(std::string_view text,
                                                         std::size_t from) const {
    static constexpr std::string_view alphabet = "0123456789abcdefABCDEF:.";
    for (std::size_t colon = text.find(':', from); colon != std::string_view::npos;) {
        std::size_t begin = colon;
        while (begin > from && alphabet.contains(text[begin - 1])) --begin;
        const std::size_t end = std::min(text.find_first_not_of(alphabet, colon), text.size());
        std::string_view run = text.substr(begin, end - begin);
        // A colon or a dot of the sentence around it.
        if (run.starts_with(':') && !run.starts_with("::")) run.remove_prefix(1), ++begin;
        if (run.ends_with('.') || (run.ends_with(':') && !run.ends_with("::")))
            run.remove_suffix(1);
        const auto found = call::parse_address(run);
        if (found && call::unmapped(*found) == call::unmapped(*address_) &&
            !joined_before(text, begin, is_address_part) &&
            !joined_behind(text, begin + run.size(), is_address_part))
            return Place{begin, run.size()};
        colon = text.find(':', end);
    }
    return std::nullopt;
}

std::size_t Subject::replace_once(std::string& text) const {
    auto place = find(text, 0);
    if (!place) return 0;
    std::string out;
    std::size_t done = 0;
    std::size_t count = 0;
    for (; place; place = find(text, done)) {
        out.append(text, done, place->at - done).append(pseudonym_);
        done = place->at + place->size;
        ++count;
    }
    text = out.append(text, done);
    return count;
}

// What stood beside one may have joined another: in 8888%8888 the first is followed by a byte that
// is encoded, until the second is gone.
std::size_t Subject::replace(std::string& text) const {
    std::size_t count = 0;
    while (const std::size_t more = replace_once(text)) count += more;
    return count;
}

base::Result<Subjects> Subjects::make(const std::vector<std::string>& values,
                                      std::string_view label) {
    if (values.empty() || values.size() > most)
        return base::fail(base::Fault::invalid, "an erasure takes 1 to " + std::to_string(most) +
                                                    " values, not " +
                                                    std::to_string(values.size()));
    Subjects out;
    for (const auto& value : values) {
        const std::string number =
            out.all_.empty() ? "" : '-' + std::to_string(out.all_.size() + 1);
        auto subject = Subject::make(value, "erased-" + std::string(label) + number);
        if (!subject) return std::unexpected(subject.error());
        const auto same = [&](const Subject& other) { return other.value() == subject->value(); };
        if (std::ranges::any_of(out.all_, same))
            return base::fail(base::Fault::invalid, "a value to erase is there twice");
        out.all_.push_back(std::move(*subject));
    }
    std::ranges::sort(out.all_, std::greater{},
                      [](const Subject& one) { return one.value().size(); });
    return out;
}

std::size_t Subjects::replace(std::string& text) const {
    std::size_t count = 0;
    for (const auto& subject : all_) count += subject.replace(text);
    return count;
}

bool Subjects::in(std::string_view text) const {
    return std::ranges::any_of(all_, [&](const Subject& one) { return one.in(text); });
}

}  // namespace erase
