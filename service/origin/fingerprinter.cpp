#include "origin/fingerprinter.hpp"

#include "call/memo.hpp"
#include "origin/fingerprint.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace origin {
namespace {

using call::Field;
using call::Slot;
using call::Value;

constexpr std::array<std::pair<Field, Level>, 4> levels = {{
    {Field::origin_exact, Level::exact},
    {Field::origin_place, Level::place},
    {Field::origin_kind, Level::kind},
    {Field::origin_software, Level::software},
}};

constexpr std::array facts = {Field::origin_exact,    Field::origin_place,  Field::origin_kind,
                              Field::origin_software, Field::client_family, Field::client_version,
                              Field::client_platform};

/// What the facts are computed from, in the order of the remembered key.
constexpr std::array inputs = {Field::src_ip,     Field::src_service, Field::src_domain,
                               Field::user_agent, Field::ja4,         Field::tls_version,
                               Field::tls_cipher};

struct Entry {
    boost::container::small_vector<std::pair<Slot, Value>, 7> facts;  // all there can be
};

/// The seed of the maps: secret, so that nobody can choose agents that collide.
std::uint64_t seed_of(const std::string& key) {
    const base::Digest digest = base::hmac_sha256(key, "of1 seed");
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < 8; ++i) out = out << 8 | digest[i];
    return out;
}

}  // namespace

struct Fingerprinter::State {
    State(const Options& options, std::shared_ptr<const call::Names> wanted)
        : names(std::move(wanted)),
          max_remembered(options.max_remembered),
          mac(options.key),
          origins(seed_of(options.key)),
          clients(seed_of(options.key)) {
        for (std::size_t i = 0; i < inputs.size(); ++i) input_slots[i] = names->slot(inputs[i]);
        asn_slot = names->slot(Field::src_asn);
        wanted_facts = std::ranges::any_of(
            facts, [&](Field field) { return names->slot(field) != call::no_slot; });
    }

    const Client& client(std::string_view agent);
    Entry& origin(std::span<const Value> row);
    void fill(Entry& entry, const Parts& parts);
    void fix(Entry& entry, Field field, std::string_view text) const;
    void make_room();

    [[nodiscard]] std::string_view text(std::span<const Value> row, std::size_t input) const {
        const Slot slot = input_slots[input];
        return slot == call::no_slot ? std::string_view{} : row[slot].text_or_empty();
    }

    std::shared_ptr<const call::Names> names;
    std::size_t max_remembered;
    base::Mac mac;
    bool wanted_facts = false;
    std::array<Slot, inputs.size()> input_slots{};
    Slot asn_slot = call::no_slot;
    call::Memo<Entry> origins;
    call::Memo<std::shared_ptr<const Client>> clients;
    std::shared_ptr<call::Texts> texts = std::make_shared<call::Texts>();
    /// Clients that facts point into: shared with batches as the texts are.
    std::shared_ptr<std::deque<std::shared_ptr<const Client>>> kept =
        std::make_shared<std::deque<std::shared_ptr<const Client>>>();
};

const Client& Fingerprinter::State::client(std::string_view agent) {
    if (const auto* found = clients.find(agent)) return **found;
    auto& entry = clients.add(agent);
    entry = std::make_shared<const Client>(parse_client(agent));
    kept->push_back(entry);
    return *entry;
}

void Fingerprinter::State::fix(Entry& entry, Field field, std::string_view text) const {
    const Slot slot = names->slot(field);
    if (slot != call::no_slot && !text.empty()) entry.facts.emplace_back(slot, Value::of(text));
}

void Fingerprinter::State::fill(Entry& entry, const Parts& parts) {
    for (const auto& [field, level] : levels) {
        if (names->slot(field) == call::no_slot) continue;
        if (auto made = token(mac, level, parts))
            fix(entry, field, texts->emplace_back(std::move(*made)));
    }
    if (parts.client == nullptr) return;
    fix(entry, Field::client_family, parts.client->family);
    fix(entry, Field::client_version, parts.client->version);
    fix(entry, Field::client_platform, parts.client->platform);
}

Entry& Fingerprinter::State::origin(std::span<const Value> row) {
    std::int64_t asn = 0;  // 0 marks what is not routed: it says as little as none
    if (asn_slot != call::no_slot && row[asn_slot].kind() == Value::Kind::integer)
        asn = row[asn_slot].integer();
    const std::string_view number(reinterpret_cast<const char*>(&asn), sizeof asn);
    const call::Joined about{text(row, 0), text(row, 1), text(row, 2), text(row, 3),
                             text(row, 4), text(row, 5), text(row, 6), number};
    if (auto* found = origins.find(about.text())) return *found;

    Parts parts;
    if (const auto address = call::parse_address(text(row, 0)))
        parts.address = call::unmapped(*address);
    parts.place = text(row, 1).empty() ? text(row, 2) : text(row, 1);
    if (const auto agent = text(row, 3); !agent.empty()) parts.client = &client(agent);
    parts.ja4 = text(row, 4);
    parts.tls_version = text(row, 5);
    parts.tls_cipher = text(row, 6);
    if (asn > 0) parts.asn = asn;
    Entry& entry = origins.add(about.text());
    fill(entry, parts);
    return entry;
}

void Fingerprinter::State::make_room() {
    if (origins.size() < max_remembered) return;
    origins.clear();
    clients.clear();
    texts = std::make_shared<call::Texts>();
    kept = std::make_shared<std::deque<std::shared_ptr<const Client>>>();
}

base::Result<Fingerprinter> Fingerprinter::make(Options options,
                                                std::shared_ptr<const call::Names> names) {
    if (options.key.size() < 16 || options.key.size() > 64)
        return base::fail(base::Fault::invalid, "the origin key must have 16 to 64 bytes");
    if (options.max_remembered < 16 || options.max_remembered > 10'000'000) {
        return base::fail(base::Fault::invalid,
                          "the origins remembered must be between 16 and 10,000,000");
    }
    return Fingerprinter(std::make_unique<State>(options, std::move(names)));
}

Fingerprinter::Fingerprinter(std::unique_ptr<State> state) : state_(std::move(state)) {}
Fingerprinter::~Fingerprinter() = default;
Fingerprinter::Fingerprinter(Fingerprinter&& other) noexcept = default;
Fingerprinter& Fingerprinter::operator=(Fingerprinter&& other) noexcept = default;

void Fingerprinter::want(call::Names& names) {
    const bool any =
        std::ranges::any_of(facts, [&](Field field) { return names.slot(field) != call::no_slot; });
    if (!any) return;
    for (const Field field : inputs) names.add(field);
    names.add(Field::src_asn);
}

void Fingerprinter::apply(call::Batch& batch) {
    if (batch.size() == 0 || !state_->wanted_facts) return;
    batch.keep(state_->texts);
    batch.keep(state_->kept);
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto row = batch.row(i);
        for (const auto& [slot, value] : state_->origin(row.values).facts) {
            if (row.values[slot].absent()) row.values[slot] = value;
        }
    }
    state_->make_room();
}

}  // namespace origin
