#include "origin/fingerprinter.hpp"

#include "origin/fingerprint.hpp"
#include "origin/token_cache.hpp"
#include "origin/words.hpp"

#include <algorithm>
#include <array>
#include <span>
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
                              Field::client_platform, Field::client_app};

/// What the facts are computed from, besides the AS.
constexpr std::array inputs = {Field::src_ip,     Field::src_service, Field::src_domain,
                               Field::user_agent, Field::ja4,         Field::tls_version,
                               Field::tls_cipher};

/// Calls whose places in the cache are fetched together: the memory answers while others are read.
constexpr std::size_t group_size = 16;

/// The seed of the maps: secret, so that nobody can choose agents that collide.
std::uint64_t seed_of(const std::string& key) {
    const base::Digest digest = base::hmac_sha256(key, "of1 seed");
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < 8; ++i) out = out << 8 | digest[i];
    return out;
}

std::uint64_t leading_bits(const call::Address& address, unsigned count) noexcept {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < 8; ++i) out = out << 8 | address.bytes[i];
    return out >> (64 - count) << (64 - count);
}

}  // namespace

struct Fingerprinter::State {
    /// A token that a call will have.
    struct Asked {
        Slot slot;
        Level level;
        Question question;
        std::uint64_t hash;
    };
    /// A call between the two passes over a group.
    struct Seen {
        Parts parts;
        std::array<Asked, levels.size()> asked;
        std::size_t count = 0;
    };

    State(const Options& options, std::shared_ptr<const call::Names> wanted)
        : names(std::move(wanted)),
          max_word_bytes(options.max_word_bytes),
          mac(options.key),
          tokens(options.max_remembered, seed_of(options.key)),
          words(seed_of(options.key)) {
        for (std::size_t i = 0; i < inputs.size(); ++i) input_slots[i] = names->slot(inputs[i]);
        asn_slot = names->slot(Field::src_asn);
        wanted_facts = std::ranges::any_of(
            facts, [&](Field field) { return names->slot(field) != call::no_slot; });
        for (const auto& [field, level] : levels)
            if (const Slot slot = names->slot(field); slot != call::no_slot)
                wanted_levels.emplace_back(slot, level);
    }

    void read(call::Batch& batch, std::span<Value> row, Seen& seen);
    void ask(Seen& seen, const Words::Agent* agent, Slot slot, Level level);
    bool put_software(call::Batch& batch, Value& out, Words::Agent& agent, const Parts& parts);
    void answer(call::Batch& batch, std::span<Value> row, const Seen& seen);
    void put(std::span<Value> row, Field field, std::string_view text) const;

    [[nodiscard]] std::string_view text(std::span<const Value> row, std::size_t input) const {
        const Slot slot = input_slots[input];
        return slot == call::no_slot ? std::string_view{} : row[slot].text_or_empty();
    }

    std::shared_ptr<const call::Names> names;
    std::size_t max_word_bytes;
    base::Mac mac;
    bool wanted_facts = false;
    std::vector<std::pair<Slot, Level>> wanted_levels;
    std::array<Slot, inputs.size()> input_slots{};
    Slot asn_slot = call::no_slot;
    TokenCache tokens;
    Words words;
    std::array<Seen, group_size> group;
};

void Fingerprinter::State::put(std::span<Value> row, Field field, std::string_view text) const {
    const Slot slot = names->slot(field);
    if (slot != call::no_slot && !text.empty() && row[slot].absent()) row[slot] = Value::of(text);
}

void Fingerprinter::State::ask(Seen& seen, const Words::Agent* agent, Slot slot, Level level) {
    const Parts& parts = seen.parts;
    if (!has_token(level, parts)) return;
    auto where = Question::Where::nowhere;
    std::uint64_t place = 0;
    std::int64_t asn = 0;
    std::uint32_t wire = 0;
    if (level == Level::exact || level == Level::place) {
        if (parts.address) {
            where = parts.address->v6 ? Question::Where::v6 : Question::Where::v4;
            place = leading_bits(*parts.address, prefix_of(level, parts.address->v6));
        } else {
            where = Question::Where::name;
            place = words.number({parts.place});
        }
    }
    if (level == Level::exact && parts.ja4.empty())
        wire = words.number({parts.tls_version, parts.tls_cipher});
    else if (level != Level::kind)
        wire = words.number({parts.ja4});
    if (level == Level::place || level == Level::kind) asn = parts.asn.value_or(0);
    const auto client = agent == nullptr ? 0 : agent->numbers[static_cast<std::size_t>(level)];
    const Question question(level, where, place, asn, client, wire);
    const std::uint64_t hash = tokens.hash(question);
    tokens.prefetch(hash);
    seen.asked[seen.count++] = {slot, level, question, hash};
}

/// L3 of a call with an agent: nothing to look up as long as the agent comes with its first print.
/// False when it does not.
bool Fingerprinter::State::put_software(call::Batch& batch, Value& out, Words::Agent& agent,
                                        const Parts& parts) {
    const std::uint32_t wire = words.number({parts.ja4});
    if (agent.wire == Words::no_wire && has_token(Level::software, parts)) {
        agent.software = token(mac, Level::software, parts);
        agent.wire = wire;
    }
    if (agent.wire != wire) return false;
    out = Value::of(batch.keep(std::string_view(agent.software)));
    return true;
}

void Fingerprinter::State::read(call::Batch& batch, std::span<Value> row, Seen& seen) {
    Parts& parts = seen.parts;
    parts = {};
    seen.count = 0;
    Words::Agent* agent = nullptr;
    if (const auto given = text(row, 3); !given.empty()) {
        agent = &words.agent(given);
        parts.client = &agent->client;
        put(row, Field::client_family, agent->client.family);
        put(row, Field::client_version, agent->client.version);
        put(row, Field::client_platform, agent->client.platform);
        put(row, Field::client_app, agent->client.app);
    }
    if (const auto address = call::parse_address(text(row, 0)))
        parts.address = call::unmapped(*address);
    parts.place = text(row, 1).empty() ? text(row, 2) : text(row, 1);
    parts.ja4 = text(row, 4);
    parts.tls_version = text(row, 5);
    parts.tls_cipher = text(row, 6);
    // AS 0 marks what is not routed: it says as little as none.
    if (asn_slot != call::no_slot && row[asn_slot].kind() == Value::Kind::integer &&
        row[asn_slot].integer() > 0)
        parts.asn = row[asn_slot].integer();
    for (const auto& [slot, level] : wanted_levels) {
        if (!row[slot].absent()) continue;
        if (level == Level::software && agent != nullptr &&
            put_software(batch, row[slot], *agent, parts))
            continue;
        ask(seen, agent, slot, level);
    }
}

void Fingerprinter::State::answer(call::Batch& batch, std::span<Value> row, const Seen& seen) {
    for (const Asked& asked : std::span(seen.asked).first(seen.count)) {
        // Copied into the batch: the cache may give the line to another token at any time.
        if (const Token* known = tokens.find(asked.question, asked.hash)) {
            row[asked.slot] = Value::of(batch.keep(std::string_view(*known)));
            continue;
        }
        const Token made = token(mac, asked.level, seen.parts);
        tokens.add(asked.question, asked.hash, made);
        row[asked.slot] = Value::of(batch.keep(std::string_view(made)));
    }
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
    State& state = *state_;
    batch.keep(state.words.owner());
    for (std::size_t start = 0; start < batch.size(); start += group_size) {
        const std::size_t count = std::min(group_size, batch.size() - start);
        for (std::size_t i = 0; i < count; ++i)
            state.read(batch, batch.row(start + i).values, state.group[i]);
        for (std::size_t i = 0; i < count; ++i)
            state.answer(batch, batch.row(start + i).values, state.group[i]);
    }
    if (state.words.make_room(state.max_word_bytes)) state.tokens.clear();
}

}  // namespace origin
