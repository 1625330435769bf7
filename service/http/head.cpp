#include "http/head.hpp"

#include "base/ascii.hpp"
#include "http/syntax.hpp"
#include "http/target.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace http {
namespace {

namespace ascii = base::ascii;

constexpr std::array<std::string_view, 7> methods{"GET",   "HEAD",   "POST",   "PUT",
                                                  "PATCH", "DELETE", "OPTIONS"};

// Fields that change who asks, how the body ends or how it is read: two of them, and two readers
// may each take another one.
constexpr std::array<std::string_view, 8> once{
    "host",         "content-length",   "transfer-encoding", "authorization",
    "content-type", "content-encoding", "idempotency-key",   "expect"};
enum : unsigned { host_bit = 1, length_bit = 2, coding_bit = 4 };

/// True when `item` stands in a comma-separated list.
bool lists(std::string_view value, std::string_view item) {
    while (true) {
        const auto comma = value.find(',');
        if (equal_ignoring_case(ascii::trimmed(value.substr(0, comma), ascii::is_blank), item))
            return true;
        if (comma == std::string_view::npos) return false;
        value.remove_prefix(comma + 1);
    }
}

Refusal check_target(std::string_view target) {
    if (target.empty() || target.front() != '/') return Refusal::bad_target;
    for (std::size_t i = 0; i < target.size(); ++i) {
        const auto c = target[i];
        if (c <= 0x20 || c >= 0x7f || c == '#') return Refusal::bad_target;
        if (c != '%') continue;
        if (i + 2 >= target.size() || syntax::hex_digit(target[i + 1]) < 0 ||
            syntax::hex_digit(target[i + 2]) < 0) {
            return Refusal::bad_target;
        }
    }
    const auto question = target.find('?');
    const bool readable =
        question == std::string_view::npos || parse_query(target.substr(question + 1));
    return readable ? Refusal::none : Refusal::bad_target;
}

Refusal check_version(std::string_view version, bool& http_1_0) {
    if (version == "HTTP/1.1") return Refusal::none;
    http_1_0 = version == "HTTP/1.0";
    if (http_1_0) return Refusal::none;
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    const bool other = version.size() == 8 && version.starts_with("HTTP/") && digit(version[5]) &&
                       version[6] == '.' && digit(version[7]);
    return other ? Refusal::bad_version : Refusal::bad_request_line;
}

}  // namespace

HeadReader::Step HeadReader::refuse(Refusal refusal) noexcept {
    refusal_ = refusal;
    return Step::refused;
}

HeadReader::Step HeadReader::read(std::string_view bytes) {
    while (true) {
        const auto end = bytes.find('\n', scanned_);
        const auto held = end == std::string_view::npos ? bytes.size() : end + 1;
        if (held > limits_.header_bytes) return refuse(Refusal::header_too_large);
        if (!has_request_line_ && held - next_line_ > limits_.target_bytes + 32) {
            return refuse(Refusal::target_too_long);
        }
        if (held - next_line_ > limits_.field_bytes) return refuse(Refusal::header_too_large);
        if (end == std::string_view::npos) {
            scanned_ = bytes.size();
            return Step::more;
        }
        if (end == next_line_ || bytes[end - 1] != '\r') return refuse(Refusal::bad_line_end);
        const auto at = next_line_;
        const auto line = bytes.substr(at, end - 1 - at);
        next_line_ = scanned_ = end + 1;

        if (!has_request_line_) {
            if (line.empty() && !skipped_empty_line_) {  // RFC 9112 section 2.2: ignore one
                skipped_empty_line_ = true;
                continue;
            }
            refusal_ = request_line(line, at);
            has_request_line_ = true;
        } else if (line.empty()) {
            refusal_ = finish();
            return refusal_ == Refusal::none ? Step::done : Step::refused;
        } else {
            refusal_ = field_line(line, at);
        }
        if (refusal_ != Refusal::none) return Step::refused;
    }
}

Refusal HeadReader::request_line(std::string_view line, std::size_t at) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return Refusal::bad_request_line;
    const auto method = line.substr(0, first);
    const auto target = line.substr(first + 1, last - first - 1);
    if (!syntax::is_token(method)) return Refusal::bad_request_line;
    if (target.contains(' ')) return Refusal::bad_request_line;
    if (const auto refusal = check_version(line.substr(last + 1), http_1_0_);
        refusal != Refusal::none) {
        return refusal;
    }
    if (std::ranges::find(methods, method) == methods.end()) return Refusal::unknown_method;
    if (target.size() > limits_.target_bytes) return Refusal::target_too_long;
    if (const auto refusal = check_target(target); refusal != Refusal::none) return refusal;
    bodiless_method_ = method == "GET" || method == "HEAD";
    method_ = {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(method.size())};
    target_ = {static_cast<std::uint32_t>(at + first + 1),
               static_cast<std::uint32_t>(target.size())};
    return Refusal::none;
}

Refusal HeadReader::field_line(std::string_view line, std::size_t at) {
    if (line.front() == ' ' || line.front() == '\t') return Refusal::folded_field;
    if (fields_.size() == limits_.fields) return Refusal::header_too_large;
    Field field;
    if (!split_field(line, field)) return Refusal::bad_field;
    const auto span = [&](std::string_view part) -> Span {
        if (part.empty()) return {};
        return {
            static_cast<std::uint32_t>(at + static_cast<std::size_t>(part.data() - line.data())),
            static_cast<std::uint32_t>(part.size())};
    };
    fields_.push_back({span(field.name), span(field.value)});
    return known_field(field.name, field.value);
}

Refusal HeadReader::known_field(std::string_view name, std::string_view value) {
    for (std::size_t i = 0; i < once.size(); ++i) {
        if (!equal_ignoring_case(name, once[i])) continue;
        const unsigned bit = 1U << i;
        if ((seen_ & bit) != 0) {
            return bit == host_bit     ? Refusal::bad_host
                   : bit == length_bit ? Refusal::bad_length
                   : bit == coding_bit ? Refusal::bad_transfer_coding
                                       : Refusal::repeated_field;
        }
        seen_ |= bit;
        if (bit == host_bit) return value.contains(' ') ? Refusal::bad_host : Refusal::none;
        if (bit == length_bit) return content_length(value);
        if (bit == coding_bit) return transfer_encoding(value);
        if (once[i] != "expect") return Refusal::none;
        expects_continue_ = equal_ignoring_case(value, "100-continue");
        return expects_continue_ ? Refusal::none : Refusal::unknown_expectation;
    }
    if (equal_ignoring_case(name, "connection") && lists(value, "close")) asks_to_close_ = true;
    return Refusal::none;
}

Refusal HeadReader::content_length(std::string_view value) {
    if (value.empty() || value.size() > 20) return Refusal::bad_length;
    std::uint64_t length = 0;
    for (const char c : value) {
        if (c < '0' || c > '9') return Refusal::bad_length;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (length > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) {
            return Refusal::bad_length;
        }
        length = length * 10 + digit;
    }
    content_length_ = length;
    return Refusal::none;
}

Refusal HeadReader::transfer_encoding(std::string_view value) {
    chunked_ = equal_ignoring_case(value, "chunked");
    if (chunked_) return Refusal::none;
    // "gzip, chunked" has one meaning, but not for us; in anything else two readers may differ.
    const auto comma = value.rfind(',');
    const bool final_chunked =
        comma != std::string_view::npos &&
        equal_ignoring_case(ascii::trimmed(value.substr(comma + 1), ascii::is_blank), "chunked");
    const bool repeated = final_chunked && lists(value.substr(0, comma), "chunked");
    return final_chunked && !repeated ? Refusal::unknown_transfer_coding
                                      : Refusal::bad_transfer_coding;
}

Refusal HeadReader::finish() const noexcept {
    const bool has_length = (seen_ & length_bit) != 0;
    if ((seen_ & host_bit) == 0 && !http_1_0_) return Refusal::bad_host;
    if (chunked_ && has_length) return Refusal::length_and_coding;
    if (chunked_ && http_1_0_) return Refusal::bad_transfer_coding;
    if (bodiless_method_ && (chunked_ || content_length_ > 0)) return Refusal::unexpected_body;
    if (content_length_ > limits_.body_bytes) return Refusal::body_too_large;
    return Refusal::none;
}

Head HeadReader::head(std::string_view bytes) const {
    const auto view = [bytes](Span span) { return bytes.substr(span.at, span.size); };
    Head out;
    out.method = view(method_);
    out.target = view(target_);
    out.http_1_0 = http_1_0_;
    out.fields.reserve(fields_.size());
    for (const auto& field : fields_) out.fields.push_back({view(field.name), view(field.value)});
    out.content_length = content_length_;
    out.framing = chunked_              ? Framing::chunked
                  : content_length_ > 0 ? Framing::length
                                        : Framing::none;
    out.keep_alive = !http_1_0_ && !asks_to_close_;
    // A continue means nothing to HTTP/1.0 or without a body (RFC 9110 section 10.1.1).
    out.expects_continue = expects_continue_ && !http_1_0_ && out.framing != Framing::none;
    return out;
}

}  // namespace http
