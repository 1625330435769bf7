#include "enrich/licences.hpp"

namespace enrich {
namespace {

constexpr std::size_t most_bytes = std::size_t{4} << 20;
constexpr std::size_t entry_bytes = 96;          // of a map's and two queues' places
constexpr std::uint32_t last_number = 1u << 31;  // no batch holds as many texts again

}  // namespace

const Licences::Operation& Licences::operation(const registry::LicenceQuery& query) {
    const call::Joined about{query.service, query.operation};
    if (const auto* found = words_.operations.find(about.text())) return *found;
    bytes_ += about.text().size() + entry_bytes;
    Operation& made = words_.operations.add(about.text());
    made.number = ++last_;
    made.gate = registry_.gate(query);
    made.unclear =
        made.gate == nullptr && registry_.licence(query).state == registry::LicenceState::unclear;
    return made;
}

std::uint32_t Licences::region(std::string_view text) {
    if (text.empty()) return 0;
    if (const auto* found = words_.regions.find(text)) return *found;
    bytes_ += text.size() + entry_bytes;
    return words_.regions.add(text) = ++last_;
}

Licences::Answer Licences::of(const registry::LicenceQuery& query, const registry::Tenant* tenant) {
    const Operation& asked = operation(query);
    if (asked.gate == nullptr)
        return {.state = asked.unclear ? registry::LicenceState::unclear
                                       : registry::LicenceState::not_gated};
    const auto ask = [&] { return registry_.licence(query, *asked.gate); };
    const auto answer_of = [](const registry::LicenceAnswer& made) {
        return Answer{made.state, made.licence, made.ended.value_or(base::EventTime::max())};
    };
    // A tenant without a row has no name to be remembered by, and little to be judged.
    if (tenant == nullptr) return answer_of(ask());
    const Place place{tenant, asked.number, region(query.region)};
    const std::uint64_t hash =
        call::SeededHash{seed_}({reinterpret_cast<const char*>(&place), sizeof place});
    const auto same = [&](const Line& line) {
        return line.place == place && query.at >= line.from && query.at < line.until;
    };
    if (const Line* line = known_.find(hash, same))
        return {line->state, line->licence, line->ended};
    const registry::LicenceAnswer made = ask();
    const Answer answer = answer_of(made);
    if (made.by_parameters) return answer;
    known_.add(hash, {.place = place,
                      .from = made.from,
                      .until = made.until,
                      .ended = answer.ended,
                      .licence = answer.licence,
                      .state = answer.state,
                      .used = true});
    return answer;
}

void Licences::make_room() {
    if (bytes_ <= most_bytes) return;
    words_ = Words(seed_);
    bytes_ = 0;
    if (last_ < last_number) return;
    last_ = 0;
    known_.clear();
}

}  // namespace enrich
