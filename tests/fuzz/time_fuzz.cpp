// Times as logs write them: what is read is within the years 1 to 9999, and RFC 3339 of it reads as
// the same moment.
// links: decode
#include "base/assert.hpp"
#include "decode/time_text.hpp"

#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto read = decode::read_time(text)) {
        const auto shown = base::to_rfc3339(read->time);
        const auto again = decode::read_time(shown);
        BASE_ASSERT(again && again->time == read->time && !again->zone_assumed);
    }
    if (size >= 8) {
        double number = 0;
        std::int64_t whole = 0;
        std::memcpy(&number, data, sizeof number);
        std::memcpy(&whole, data, sizeof whole);
        (void)decode::epoch(number);
        if (const auto at = decode::epoch(whole)) BASE_ASSERT(at->time_since_epoch().count() >= 0);
    }
    return 0;
}
