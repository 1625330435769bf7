#include "journal/checksum.hpp"

#include <isa-l/crc.h>

#include <algorithm>
#include <limits>

namespace journal {

std::uint32_t checksum(std::string_view bytes, std::uint32_t before) noexcept {
    std::uint32_t state = ~before;
    while (!bytes.empty()) {
        const std::size_t step =
            std::min<std::size_t>(bytes.size(), std::numeric_limits<int>::max());
        // The library takes int lengths and, by an oversight, non-const bytes; it only reads them.
        auto* from =
            const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(bytes.data()));
        state = crc32_iscsi(from, static_cast<int>(step), state);
        bytes.remove_prefix(step);
    }
    return ~state;
}

}  // namespace journal
