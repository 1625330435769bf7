#include "app/reference_source.hpp"

#include "app/reference_files.hpp"

namespace app {

ReferenceSource::ReferenceSource(const Config& config, const Secrets& secrets,
                                 std::shared_ptr<const decode::Formats> formats)
    : config_(config), origin_key_(secrets.key("origin")), formats_(std::move(formats)) {}

base::Result<void> ReferenceSource::load_files() {
    const auto lists = load_lists(config_.lists);
    if (!lists) return std::unexpected(lists.error());
    auto policies = load_policies(config_.policies, *lists);
    if (!policies) return std::unexpected(policies.error());
    auto tables = load_tables(config_.tables);
    if (!tables) return std::unexpected(tables.error());
    const std::lock_guard lock(mutex_);
    policies_ = std::move(*policies);
    tables_ = std::move(*tables);
    return {};
}

void ReferenceSource::use(std::shared_ptr<const registry::Registry> registry) {
    const std::lock_guard lock(mutex_);
    registry_ = std::move(registry);
    if (taker_) taker_(build());
}

void ReferenceSource::hand_to(Taker taker) {
    const std::lock_guard lock(mutex_);
    taker_ = std::move(taker);
}

// With the mutex held while it is handed over, or a newer one could overtake it on the way.
void ReferenceSource::hand_on() const {
    const std::lock_guard lock(mutex_);
    if (taker_) taker_(build());
}

std::shared_ptr<const pipeline::Reference> ReferenceSource::current() const {
    const std::lock_guard lock(mutex_);
    return build();
}

std::shared_ptr<const policy::Set> ReferenceSource::policies() const {
    const std::lock_guard lock(mutex_);
    return policies_;
}

std::shared_ptr<const pipeline::Reference> ReferenceSource::build() const {
    return pipeline::make_reference(formats_, policies_, {.registry = registry_, .tables = tables_},
                                    origin_key_, pipeline::Purpose::store);
}

}  // namespace app
