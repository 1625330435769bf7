#include "enrich/subjects.hpp"

#include "call/memo.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace enrich {
namespace {

constexpr std::size_t most_tiers = 16;

}  // namespace

Subjects::Subjects(const registry::Registry& registry, std::size_t size, std::uint64_t seed)
    : registry_(registry), seed_(seed), known_(size) {
    for (const registry::Tenant& tenant : registry.rows().tenants) {
        if (tiers_.size() == most_tiers) break;
        if (std::ranges::find(tiers_, tenant.tier) == tiers_.end()) tiers_.push_back(tenant.tier);
    }
}

std::uint64_t Subjects::hash(std::string_view key, std::string_view tenant) const noexcept {
    const call::SeededHash hashed{seed_};
    return hashed(key) ^ std::rotl(hashed(tenant), 31);
}

Subject Subjects::ask(std::string_view key, std::string_view tenant) const {
    Subject out;
    if (!key.empty()) {
        out.key = registry_.key(key);
        out.leak = registry_.leak(key);
    }
    if (out.key != nullptr) {
        const registry::Key& row = *out.key;
        if (tenant.empty()) tenant = row.tenant;
        out.key_created = row.created.value_or(base::EventTime::max());
        if (row.revoked)
            out.key_dead_from = *row.revoked;
        else if (row.status == "revoked")
            out.key_dead_from = base::EventTime::min();
        out.declares_origin = !row.declared_origin.empty();
    }
    if (!tenant.empty()) out.tenant = registry_.tenant(tenant);
    if (out.tenant != nullptr) {
        const auto tier = std::ranges::find(tiers_, out.tenant->tier);
        out.tier = tier == tiers_.end() ? std::string_view(out.tenant->tier) : *tier;
        out.party = out.tenant->party;
        out.tenant_created = out.tenant->created.value_or(base::EventTime::max());
    }
    return out;
}

const Subject& Subjects::of(std::uint64_t hash, std::string_view key, std::string_view tenant) {
    if (key.size() + tenant.size() > most_text) return last_ = ask(key, tenant);
    const auto same = [&](const Line& line) {
        return line.key_size == key.size() && line.tenant_size == tenant.size() &&
               std::string_view(line.text.data(), key.size()) == key &&
               std::string_view(line.text.data() + key.size(), tenant.size()) == tenant;
    };
    if (const Line* line = known_.find(hash, same)) return line->subject;
    Line line{};
    line.subject = ask(key, tenant);
    std::ranges::copy(key, line.text.begin());
    std::ranges::copy(tenant, line.text.begin() + static_cast<std::ptrdiff_t>(key.size()));
    line.key_size = static_cast<std::uint8_t>(key.size());
    line.tenant_size = static_cast<std::uint8_t>(tenant.size());
    line.used = true;
    return known_.add(hash, line).subject;
}

}  // namespace enrich
