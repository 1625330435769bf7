#include "store/reserve.hpp"

#include <string>
#include <system_error>

namespace store {

base::Result<void> room_above(const Reserve& reserve) {
    if (reserve.bytes == 0) return {};
    std::error_code fault;
    const auto space = std::filesystem::space(reserve.folder, fault);
    if (fault || space.available >= reserve.bytes) return {};
    return base::fail(base::Fault::exhausted, reserve.folder.string() + ": " +
                                                  std::to_string(space.available >> 20) +
                                                  " MB are free, and database.reserve keeps " +
                                                  std::to_string(reserve.bytes >> 20) +
                                                  " MB: nothing is committed before there is room");
}

}  // namespace store
