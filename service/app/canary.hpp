#pragma once

#include "app/config.hpp"
#include "app/uploader.hpp"
#include "base/result.hpp"

#include <cstddef>

namespace app {

struct CanaryOptions {
    Uploader::Options upload;  ///< Its source must read the native format.
    std::size_t count = 10;    ///< 1 to 1000.
};

/// Sends canaries through the server's door and registers those that it accepted as sent. How many.
/// Fails with Fault::invalid when the server refuses one.
base::Result<std::size_t> send_canaries(const Config& config, const CanaryOptions& options);

}  // namespace app
