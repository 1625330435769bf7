#include <algorithm>
#include <array>

#include "http/head.hpp"

namespace http {
namespace {

struct Row {
    Refusal refusal;
    std::string_view code;
    unsigned status;
    std::string_view detail;
};

constexpr std::array rows{
    Row{Refusal::none, "none", 200, ""},
    Row{Refusal::bad_request_line, "bad_request_line", 400,
        "The first line must be METHOD, one blank, target, one blank, HTTP/1.1."},
    Row{Refusal::bad_target, "bad_target", 400,
        "The target must start with '/', be printable ASCII and hold valid percent escapes."},
    Row{Refusal::bad_version, "bad_version", 505, "Send HTTP/1.1."},
    Row{Refusal::unknown_method, "unknown_method", 501,
        "Methods are GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS, in capitals."},
    Row{Refusal::bad_line_end, "bad_line_end", 400, "End each header line with CR LF."},
    Row{Refusal::bad_field, "bad_field", 400,
        "A header field must be a name, a colon at once, and a value without control bytes."},
    Row{Refusal::folded_field, "folded_field", 400,
        "Header fields over several lines are refused; send each on one line."},
    Row{Refusal::repeated_field, "repeated_field", 400,
        "A field that may come once came more often; send it once."},
    Row{Refusal::bad_host, "bad_host", 400, "Send exactly one Host field."},
    Row{Refusal::bad_length, "bad_length", 400, "Content-Length must be one decimal number."},
    Row{Refusal::bad_transfer_coding, "bad_transfer_coding", 400,
        "Transfer-Encoding must be 'chunked' alone, in HTTP/1.1 only."},
    Row{Refusal::unknown_transfer_coding, "unknown_transfer_coding", 501,
        "The only transfer coding is 'chunked'; compress with Content-Encoding instead."},
    Row{Refusal::length_and_coding, "length_and_coding", 400,
        "Send either Content-Length or Transfer-Encoding, not both."},
    Row{Refusal::unexpected_body, "unexpected_body", 400, "This method takes no body."},
    Row{Refusal::unknown_expectation, "unknown_expectation", 417,
        "The only expectation is '100-continue'."},
    Row{Refusal::target_too_long, "target_too_long", 414, "Shorten the target."},
    Row{Refusal::header_too_large, "header_too_large", 431, "Send fewer or shorter header fields."},
    Row{Refusal::body_too_large, "body_too_large", 413, "Send smaller batches."},
    Row{Refusal::bad_chunk, "bad_chunk", 400,
        "A chunk must be its size in hexadecimal, CR LF, its bytes, CR LF."},
    Row{Refusal::bad_trailer, "bad_trailer", 400,
        "A trailer must be a field line that says nothing about framing."},
    Row{Refusal::trailer_too_large, "trailer_too_large", 431, "Send fewer or shorter trailers."},
    Row{Refusal::no_memory, "no_memory", 503,
        "Too many bodies are in flight; send the same again later."},
};

const Row& row(Refusal refusal) noexcept {
    return rows[static_cast<std::size_t>(refusal)];
}

static_assert([] {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (static_cast<std::size_t>(rows[i].refusal) != i) return false;
    }
    return rows.back().refusal == Refusal::no_memory;
}());

}  // namespace

std::string_view code(Refusal refusal) noexcept {
    return row(refusal).code;
}

unsigned status(Refusal refusal) noexcept {
    return row(refusal).status;
}

std::string_view detail(Refusal refusal) noexcept {
    return row(refusal).detail;
}

}  // namespace http
