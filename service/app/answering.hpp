#pragma once

#include "api/ask.hpp"
#include "app/config.hpp"

#include <memory>

namespace app {

/// What presence questions need, from the deployment's secret and the configuration.
base::Result<std::shared_ptr<const api::Answering>> make_answering(const Config& config);

}  // namespace app
