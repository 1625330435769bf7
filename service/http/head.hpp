#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace http {

/// A header field; both views are borrowed from whoever holds the header section.
struct Field {
    std::string_view name;
    std::string_view value;  ///< Without surrounding blanks.
};

/// True when both are equal but for the case of ASCII letters.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// How the end of a request's body is known.
enum class Framing : std::uint8_t { none, length, chunked };

/// Why a request is refused before any handler sees it. A closed list: `code` names it in answers
/// and metric labels.
enum class Refusal : std::uint8_t {
    none,
    bad_request_line,
    bad_target,
    bad_version,
    unknown_method,
    bad_line_end,
    bad_field,
    folded_field,
    repeated_field,
    bad_host,
    bad_length,
    bad_transfer_coding,
    unknown_transfer_coding,
    length_and_coding,
    unexpected_body,
    unknown_expectation,
    target_too_long,
    header_too_large,
    body_too_large,
    bad_chunk,
    bad_trailer,
    trailer_too_large,
    no_memory,
};
[[nodiscard]] std::string_view code(Refusal refusal) noexcept;
/// The status to answer with: 400, 413, 414, 417, 431, 501, 503 or 505.
[[nodiscard]] unsigned status(Refusal refusal) noexcept;
/// One sentence for a person: what is wrong and what to send instead.
[[nodiscard]] std::string_view detail(Refusal refusal) noexcept;

/// A header section that passed the gate.
struct Head {
    std::string_view method;  ///< One of GET HEAD POST PUT PATCH DELETE OPTIONS.
    std::string_view target;  ///< Starts with '/', printable ASCII, no '#'.
    bool http_1_0 = false;
    std::vector<Field> fields;
    Framing framing = Framing::none;
    std::uint64_t content_length = 0;  ///< When framing is `length`.
    bool keep_alive = true;
    bool expects_continue = false;
};

/// The gate in front of everything: reads the header section of a request line by line as its bytes
/// arrive and refuses whatever two parsers could read differently (RFC 9112, and stricter: one
/// Host, one framing, no folding, no bare CR or LF, no unknown coding). Pure.
class HeadReader {
public:
    struct Limits {
        std::size_t header_bytes = 16 * 1024;
        std::size_t field_bytes = 8 * 1024;
        std::size_t fields = 64;
        std::size_t target_bytes = 2 * 1024;
        std::uint64_t body_bytes = 16 * 1024 * 1024;
    };
    enum class Step : std::uint8_t { more, done, refused };

    explicit HeadReader(const Limits& limits) noexcept : limits_(limits) {}

    /// `bytes` is all that came so far, from the request's first byte; it may move between calls.
    Step read(std::string_view bytes);

    /// After `done`: the bytes the header section took, with its empty line.
    [[nodiscard]] std::size_t size() const noexcept { return next_line_; }
    /// After `refused`.
    [[nodiscard]] Refusal refusal() const noexcept { return refusal_; }
    /// After `done`: the header section as views into `bytes`, which must be those last read.
    [[nodiscard]] Head head(std::string_view bytes) const;

private:
    struct Span {
        std::uint32_t at = 0;
        std::uint32_t size = 0;
    };
    struct FieldSpan {
        Span name, value;
    };

    Step refuse(Refusal refusal) noexcept;
    Refusal request_line(std::string_view line, std::size_t at);
    Refusal field_line(std::string_view line, std::size_t at);
    Refusal known_field(std::string_view name, std::string_view value);
    Refusal content_length(std::string_view value);
    Refusal transfer_encoding(std::string_view value);
    Refusal finish() const noexcept;

    Limits limits_;
    std::size_t next_line_ = 0;  ///< Where the first line not yet read starts.
    std::size_t scanned_ = 0;    ///< No LF before this.
    bool skipped_empty_line_ = false;
    bool has_request_line_ = false;
    Refusal refusal_ = Refusal::none;

    Span method_, target_;
    bool http_1_0_ = false;
    bool bodiless_method_ = false;
    std::vector<FieldSpan> fields_;
    unsigned seen_ = 0;  ///< Bits of the fields that may come once only.
    bool chunked_ = false;
    bool asks_to_close_ = false;
    bool expects_continue_ = false;
    std::uint64_t content_length_ = 0;
};

/// Splits "name: value", refusing all that is no field line of RFC 9112 section 5.
[[nodiscard]] bool split_field(std::string_view line, Field& field) noexcept;

}  // namespace http
