#include "http/chunked.hpp"

#include "base/assert.hpp"
#include "http/syntax.hpp"

#include <algorithm>
#include <array>

namespace http {
namespace {

// A trailer with one of these says something about framing, routing or identity that came too late
// (RFC 9110 section 6.5.1); the last of them we drop in silence, as all trailers.
constexpr std::array<std::string_view, 5> forbidden_trailers{"content-length", "transfer-encoding",
                                                             "host", "trailer", "content-encoding"};

constexpr unsigned max_size_digits = 16;

}  // namespace

bool ChunkedReader::refuse(Refusal refusal) noexcept {
    refusal_ = refusal;
    return false;
}

void ChunkedReader::took(std::uint64_t bytes) noexcept {
    BASE_ASSERT(state_ == State::data && bytes <= remaining_);
    remaining_ -= bytes;
    if (remaining_ == 0) state_ = State::data_cr;
}

ChunkedReader::Step ChunkedReader::read(std::string_view& input) {
    while (state_ != State::data && state_ != State::done) {
        if (input.empty()) return Step::more;
        const char c = input.front();
        input.remove_prefix(1);
        if (!step(c)) return Step::refused;
    }
    return state_ == State::data ? Step::data : Step::done;
}

bool ChunkedReader::step(char c) {
    switch (state_) {
        case State::size_first:
        case State::size:
            if (const int digit = syntax::hex_digit(c); digit >= 0) {
                if (++digits_ > max_size_digits) return false;
                remaining_ = remaining_ << 4 | static_cast<std::uint64_t>(digit);
                state_ = State::size;
                return true;
            }
            return state_ == State::size && after_size(c);
        case State::size_lf:
            digits_ = 0;
            state_ = remaining_ > 0 ? State::data : State::trailer;
            return c == '\n';
        case State::data_cr:
            state_ = State::data_lf;
            return c == '\r';
        case State::data_lf:
            state_ = State::size_first;
            return c == '\n';
        case State::trailer:
            if (c == '\r') {
                state_ = State::trailer_lf;
                return true;
            }
            if (++trailer_bytes_ > max_trailer_bytes) return refuse(Refusal::trailer_too_large);
            line_ += c;
            return c != '\n';
        case State::trailer_lf:
            if (c != '\n') return false;
            state_ = line_.empty() ? State::done : State::trailer;
            return trailer_line();
        default:
            return extension(c);
    }
}

/// After a chunk size or a complete extension.
bool ChunkedReader::after_size(char c) {
    if (c == '\r') state_ = State::size_lf;
    if (c == ';') state_ = State::ext_name_first;
    return c == '\r' || c == ';';
}

bool ChunkedReader::extension(char c) {
    if (++extension_bytes_ > max_extension_bytes) return false;
    switch (state_) {
        case State::ext_name_first:
            state_ = State::ext_name;
            return syntax::is_token_char(c);
        case State::ext_name:
            if (c == '=') state_ = State::ext_value_first;
            return c == '=' || syntax::is_token_char(c) || after_size(c);
        case State::ext_value_first:
            state_ = c == '"' ? State::ext_quoted : State::ext_token;
            return c == '"' || syntax::is_token_char(c);
        case State::ext_token:
            return syntax::is_token_char(c) || after_size(c);
        case State::ext_quoted:
            if (c == '"') state_ = State::ext_after_quoted;
            if (c == '\\') state_ = State::ext_escaped;
            return c >= 0x20 && c < 0x7f;
        case State::ext_escaped:
            state_ = State::ext_quoted;
            return c >= 0x20 && c < 0x7f;
        default:
            return after_size(c);
    }
}

bool ChunkedReader::trailer_line() {
    if (line_.empty()) return true;
    Field field;
    if (!split_field(line_, field)) return refuse(Refusal::bad_trailer);
    for (const auto name : forbidden_trailers) {
        if (equal_ignoring_case(field.name, name)) return refuse(Refusal::bad_trailer);
    }
    if (++trailers_ > max_trailers) return refuse(Refusal::trailer_too_large);
    line_.clear();
    return true;
}

}  // namespace http
