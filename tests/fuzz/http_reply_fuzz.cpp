// Answers of webhook receivers, in pieces: no crash, bounded memory, and a status that is one.
// links: http
#include "http/exchange.cpp"  // its reader of answers is known to no header

#include "base/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const http::ReplyLimits limits{.header_bytes = 4 * 1024, .body_bytes = 1'024};
    http::Reply reply(limits, data[0] % 8 == 0);
    const std::size_t piece = 1 + data[1];
    const auto* bytes = data + 2;
    std::size_t left = size - 2;
    auto step = http::Reply::Step::more;
    while (left > 0 && step == http::Reply::Step::more) {
        const auto room = reply.room();
        const auto count = std::min({room.size(), left, piece});
        if (count == 0) break;
        std::memcpy(room.data(), bytes, count);
        bytes += count;
        left -= count;
        step = reply.read(count);
    }
    if (step == http::Reply::Step::broken) return 0;
    if (const auto response = reply.finish()) {
        BASE_ASSERT(response->status >= 200 && response->status <= 599);
        BASE_ASSERT(response->headers.size() <= 100);
        BASE_ASSERT(response->body.size() <= limits.body_bytes);
    }
    return 0;
}
