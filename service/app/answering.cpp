#include "app/answering.hpp"

#include "app/files.hpp"
#include "app/secrets.hpp"

#include <utility>

namespace app {

base::Result<std::shared_ptr<const api::Answering>> make_answering(
    const Config& config, std::shared_ptr<store::RegistryCache> registries) {
    const auto secrets = Secrets::open(config.data_dir);
    if (!secrets) return std::unexpected(secrets.error());
    return std::make_shared<const api::Answering>(
        api::Answering{.registries = std::move(registries),
                       .hasher = key_hasher(*secrets),
                       .signing = base::SigningKey(secrets->key("answers")),
                       .per_hour = config.questions_per_hour});
}

base::Result<std::shared_ptr<const api::ReporterKeys>> load_reporter_keys(const Config& config) {
    if (config.leak_keys_file.empty()) return nullptr;
    const auto text = read_file(config.leak_keys_file, 1 << 20);
    if (!text) return std::unexpected(text.error());
    auto keys = api::ReporterKeys::parse(*text);
    if (!keys) {
        return base::fail(keys.error().fault,
                          config.leak_keys_file.string() + ": " + keys.error().reason);
    }
    return std::make_shared<const api::ReporterKeys>(std::move(*keys));
}

}  // namespace app
