// Addresses and networks: what is read is written as RFC 5952 has it, and reads as the same.
// links: call
#include "base/assert.hpp"
#include "call/address.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto address = call::parse_address(text)) {
        const auto shown = call::to_text(*address);
        const auto again = call::parse_address(shown);
        BASE_ASSERT(again && *again == *address);
        (void)call::unmapped(*address);
        for (unsigned prefix = 0; prefix <= address->bits(); ++prefix)
            BASE_ASSERT(call::network_of(*address, prefix).contains(*address));
    }
    if (const auto network = call::parse_network(text)) {
        BASE_ASSERT(network->prefix <= network->start.bits());
        BASE_ASSERT(network->contains(network->start));
        const auto again = call::parse_network(call::to_text(*network));
        BASE_ASSERT(again && *again == *network);
    }
    return 0;
}
