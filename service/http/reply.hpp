#pragma once

#include "http/chunked.hpp"
#include "http/client.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace http {

/// Reads the answer of a stranger's server as its bytes arrive: the final status, at most 100
/// headers and the first bytes of the body. Lenient where nothing follows on the connection, as we
/// use each for one request: it takes a bare LF and does not mind two lengths that agree. Pure.
class ReplyReader {
public:
    struct Limits {
        std::size_t header_bytes = 16 * 1024;
        std::size_t body_bytes = 64 * 1024;
    };

    explicit ReplyReader(Limits limits) : limits_(limits) {}

    enum class Step : std::uint8_t {
        more,
        done,    ///< The body is complete, or cut at its limit.
        broken,  ///< What came is no answer, or its header section is too large.
    };
    Step read(std::string_view bytes);

    /// Nothing more will come. True when the status is known, whatever became of the body.
    bool finish();

    [[nodiscard]] ClientResponse& response() noexcept { return response_; }

private:
    bool header_line(std::string_view line);
    bool status_line(std::string_view line);
    Step head_complete();
    Step body(std::string_view bytes);
    Step append(std::string_view bytes);

    Limits limits_;
    ClientResponse response_;
    std::string line_;
    std::size_t header_bytes_ = 0;
    unsigned interim_ = 0;  ///< Answers 1xx seen.
    bool has_status_ = false;
    bool in_body_ = false;
    bool complete_ = false;
    std::optional<std::uint64_t> left_;  ///< Of a body with a length.
    std::optional<ChunkedReader> chunks_;
};

}  // namespace http
