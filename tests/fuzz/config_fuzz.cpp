// Configuration files: read, or refused with reasons.
// links: app
#include "app/config.hpp"
#include "base/assert.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const int file = ::memfd_create("config", MFD_CLOEXEC);
    static const std::string path = "/proc/self/fd/" + std::to_string(file);
    BASE_ASSERT(file >= 0 && ::ftruncate(file, 0) == 0);
    BASE_ASSERT(::pwrite(file, data, size, 0) == static_cast<ssize_t>(size));
    const auto config =
        app::load_config(path, [](const std::string&) { return std::optional<std::string>(); });
    if (!config) BASE_ASSERT(!config.error().reason.empty());
    return 0;
}
