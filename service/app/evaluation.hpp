#pragma once

#include "app/config.hpp"
#include "app/secrets.hpp"
#include "pipeline/evaluator.hpp"

namespace app {

/// How the configuration has calls evaluated: of the server, and of a backtest, which must not
/// differ from it.
[[nodiscard]] pipeline::Evaluator::Options evaluator_options(const Config& config,
                                                             const Secrets& secrets);

}  // namespace app
