#include "app/answering.hpp"

#include "app/secrets.hpp"

namespace app {

base::Result<std::shared_ptr<const api::Answering>> make_answering(const Config& config) {
    const auto secrets = Secrets::open(config.data_dir);
    if (!secrets) return std::unexpected(secrets.error());
    return std::make_shared<const api::Answering>(
        api::Answering{.hasher = key_hasher(*secrets),
                       .signing = base::SigningKey(secrets->key("answers")),
                       .per_hour = config.questions_per_hour});
}

}  // namespace app
