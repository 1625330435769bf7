#pragma once

#include "api/ask.hpp"
#include "api/reporter_keys.hpp"
#include "app/config.hpp"

#include <memory>

namespace app {

/// What presence questions need, from the deployment's secret and the configuration, with the
/// registry that others in the process use.
base::Result<std::shared_ptr<const api::Answering>> make_answering(
    const Config& config,
    std::shared_ptr<store::RegistryCache> registries = std::make_shared<store::RegistryCache>());

/// The keys of who may report leaked keys; null when the configuration names no file. The reason of
/// a failure names the file.
base::Result<std::shared_ptr<const api::ReporterKeys>> load_reporter_keys(const Config& config);

}  // namespace app
