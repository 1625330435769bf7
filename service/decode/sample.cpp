#include "decode/sample.hpp"

#include "base/utf8.hpp"

namespace decode {

std::string sample_of(std::string_view record, Scrubber& scrubber) {
    constexpr std::size_t sample_bytes = 512;
    // Twice as much is scrubbed as is kept, so that a secret across the end is seen whole enough.
    std::string scrubbed;
    scrubber.scrub(record.substr(0, 2 * sample_bytes), scrubbed);
    scrubbed = base::utf8::storable(scrubbed.substr(0, sample_bytes));
    std::size_t size = scrubbed.size() < sample_bytes ? scrubbed.size() : sample_bytes;
    while (size < scrubbed.size() && size > 0 && (scrubbed[size] & 0xc0) == 0x80) --size;
    scrubbed.resize(size);
    return scrubbed;
}

}  // namespace decode
