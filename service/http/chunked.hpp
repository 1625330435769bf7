#pragma once

#include "http/head.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace http {

/// Reads the framing of a chunked body (RFC 9112 section 7.1), strictly: CR LF only, no blanks, no
/// control bytes, extensions checked and dropped, trailers checked and dropped. Pure.
///
/// Grammar, with HEX of 1 to 16 digits:
///   body    = *( HEX *ext CRLF data CRLF ) 1*"0" *ext CRLF *( field CRLF ) CRLF
///   ext     = ";" token [ "=" ( token / quoted ) ]
class ChunkedReader {
public:
    enum class Step : std::uint8_t {
        more,     ///< All input is read; give what follows.
        data,     ///< The next remaining() bytes are data: take them, tell took().
        done,     ///< The body is complete.
        refused,  ///< See refusal().
    };

    static constexpr std::size_t max_extension_bytes = 4 * 1024;  ///< In the whole body.
    static constexpr std::size_t max_trailer_bytes = 8 * 1024;
    static constexpr std::size_t max_trailers = 64;

    /// Reads framing from the front of `input` and removes what it read.
    Step read(std::string_view& input);

    /// Bytes of data still to come in this chunk.
    [[nodiscard]] std::uint64_t remaining() const noexcept { return remaining_; }
    void took(std::uint64_t bytes) noexcept;

    [[nodiscard]] Refusal refusal() const noexcept { return refusal_; }

private:
    enum class State : std::uint8_t {
        size_first,
        size,
        ext_name_first,
        ext_name,
        ext_value_first,
        ext_token,
        ext_quoted,
        ext_escaped,
        ext_after_quoted,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer,
        trailer_lf,
        done,
    };

    bool step(char c);
    bool extension(char c);
    bool after_size(char c);
    bool trailer_line();
    bool refuse(Refusal refusal) noexcept;

    State state_ = State::size_first;
    std::uint64_t remaining_ = 0;
    unsigned digits_ = 0;
    std::size_t extension_bytes_ = 0;
    std::size_t trailer_bytes_ = 0;
    std::size_t trailers_ = 0;
    std::string line_;  ///< The trailer being read.
    Refusal refusal_ = Refusal::bad_chunk;
};

}  // namespace http
