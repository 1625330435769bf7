#include "app/evaluation.hpp"

namespace app {

pipeline::Evaluator::Options evaluator_options(const Config& config, const Secrets& secrets) {
    pipeline::Evaluator::Options options;
    options.raw_calls = config.raw_calls == Config::Keep::all ? pipeline::Evaluator::Keep::all
                        : config.raw_calls == Config::Keep::none
                            ? pipeline::Evaluator::Keep::none
                            : pipeline::Evaluator::Keep::matched;
    for (const auto& source : config.sources) options.lateness[source.name] = source.lateness;
    options.hash_seed = secrets.seed("hash");
    return options;
}

}  // namespace app
