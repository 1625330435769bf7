#include "presence/record.hpp"

#include "presence/words.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace presence {
namespace {

namespace json = boost::json;

json::value time_or_null(const std::optional<base::EventTime>& time) {
    return time ? json::value(base::to_rfc3339(*time)) : json::value(nullptr);
}

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

json::value count_or_null(const std::optional<std::uint64_t>& count) {
    return count ? json::value(*count) : json::value(nullptr);
}

json::array texts(const std::vector<std::string>& from) {
    json::array out;
    for (const std::string& each : from) out.emplace_back(each);
    return out;
}

json::object asked(const Question& question) {
    json::array clues;
    for (const Clue& clue : question.clues) {
        json::object each = {{"type", name(clue.kind)}, {"value", masked(clue)}};
        if (clue.from) each["from"] = *clue.from;
        if (!clue.note.empty()) each["note"] = clue.note;
        clues.push_back(std::move(each));
    }
    return {{"by", question.asked_by}, {"reason", question.case_ref}, {"clues", std::move(clues)}};
}

json::object to_json(const Persona& persona) {
    return {{"key", text_or_null(persona.key)},
            {"origin", text_or_null(persona.origin)},
            {"address", text_or_null(persona.address)},
            {"asn", persona.asn == 0 ? json::value(nullptr) : json::value(persona.asn)},
            {"as_name", text_or_null(persona.as_name)},
            {"client", text_or_null(persona.client)},
            {"first", base::to_rfc3339(persona.first)},
            {"last", base::to_rfc3339(persona.last)},
            {"calls", persona.calls},
            {"worked", persona.ok},
            {"sessions", persona.sessions}};
}

json::object to_json(const Contribution& each) {
    json::array clues;
    for (const std::size_t clue : each.clues) clues.emplace_back(clue);
    return {{"group", name(each.group)},
            {"nats", each.nats},
            {"times_likelier", std::exp(each.nats)},
            {"clues", std::move(clues)},
            {"seen_at_tenants", each.tenants},
            {"text", each.text}};
}

json::object to_json(const Candidate& candidate, const Facts& facts) {
    json::array evidence;
    for (const Contribution& each : candidate.contributions) evidence.push_back(to_json(each));
    json::array personas;
    for (const std::size_t i : candidate.personas) personas.push_back(to_json(facts.personas[i]));
    json::array operations;
    for (const Use& use : facts.uses) {
        const bool its = std::ranges::any_of(
            candidate.personas, [&](std::size_t i) { return facts.personas[i].key == use.key; });
        if (!its) continue;
        operations.push_back({{"operation", use.operation},
                              {"worked", use.ok},
                              {"first", base::to_rfc3339(use.first)},
                              {"last", base::to_rfc3339(use.last)},
                              {"licence_then", use.known_then},
                              {"licence_now", use.known_now},
                              {"licence", text_or_null(use.licence)}});
    }
    json::array without;
    for (const double each : candidate.without) without.emplace_back(each);
    return {{"tenant", text_or_null(candidate.tenant)},
            {"posterior", candidate.posterior},
            {"prior_nats", candidate.prior},
            {"score_nats", candidate.score},
            {"customer_record", candidate.customer_record},
            {"two_witnesses", candidate.two_witnesses},
            {"evidence", std::move(evidence)},
            {"posterior_without", std::move(without)},
            {"counter_evidence", texts(candidate.against)},
            {"personas", std::move(personas)},
            {"operations", std::move(operations)}};
}

json::object coverage_of(const coverage::Certificate& certificate) {
    json::array sources;
    for (const auto& line : certificate.sources) {
        sources.push_back({{"source", line.source},
                           {"expected", count_or_null(line.expected)},
                           {"received", line.received},
                           {"parsed", line.parsed},
                           {"attributed", line.attributed},
                           {"late", line.late},
                           {"rejected", line.rejected},
                           {"lost", line.lost},
                           {"expectation_declared", line.expectation_declared}});
    }
    json::array gaps;
    for (const auto& gap : certificate.gaps) {
        gaps.push_back({{"source", text_or_null(gap.source)},
                        {"from", base::to_rfc3339(gap.from)},
                        {"to", base::to_rfc3339(gap.to)},
                        {"cause", coverage::name(gap.cause)},
                        {"lost", count_or_null(gap.lost)},
                        {"acknowledged", gap.acknowledged},
                        {"note", text_or_null(gap.note)}});
    }
    json::value canaries = nullptr;
    if (certificate.canaries) {
        canaries = {{"sent", certificate.canaries->sent}, {"found", certificate.canaries->found}};
    }
    return {{"logged_share", certificate.share},
            {"lower95", certificate.lower95},
            {"sources", std::move(sources)},
            {"gaps", std::move(gaps)},
            {"sampling", 1.0},
            {"retained_from", time_or_null(certificate.retained_from)},
            {"canaries", std::move(canaries)},
            {"chain_head", text_or_null(certificate.chain_head)}};
}

json::object power_of(const Power& power) {
    json::object n95;
    json::object unseen;
    static constexpr std::array<std::string_view, 3> names = {"r=1", "r=0.5", "r=0.1"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        n95[names[i]] = count_or_null(power.n95[i]);
        unseen[names[i]] = count_or_null(power.unseen95[i]);
    }
    return {{"unit", "sessions"},
            {"session_seen", power.covered},
            {"n95", std::move(n95)},
            {"bound_unseen_in_window_95", std::move(unseen)},
            {"single_burst_missed", power.burst_missed}};
}

/// Records behind the personas of named candidates.
json::array evidence_of(const Facts& facts, const Answer& answer) {
    json::array out;
    for (const CitedRecord& record : facts.records) {
        const bool named = std::ranges::any_of(answer.candidates, [&](const Candidate& candidate) {
            return std::ranges::find(candidate.personas, record.persona) !=
                   candidate.personas.end();
        });
        if (!named) continue;
        out.push_back({{"key", text_or_null(facts.personas[record.persona].key)},
                       {"time", base::to_rfc3339(record.time)},
                       {"source", record.source},
                       {"block", record.block},
                       {"record", record.record},
                       {"sha256", record.sha256}});
    }
    return out;
}

/// Tenants that show a clue, by the kind of evidence that it is there.
json::object seen_as(const ClueFacts& clue) {
    json::object out;
    for (const auto& [group, tenants] : clue.tenants_by_group) out[name(group)] = tenants;
    return out;
}

json::array per_clue(const Question& question, const Facts& facts) {
    json::array out;
    for (std::size_t i = 0; i < question.clues.size(); ++i) {
        std::uint64_t hits = 0;
        for (const Sighting& sighting : facts.sightings) hits += sighting.clue == i;
        const ClueFacts& clue = facts.clues[i];
        json::object one = {
            {"clue", i},
            {"hits", hits + clue.keys.size()},
            {"anonymity_set", hits > 0 ? json::value(clue.tenants) : json::value(nullptr)},
            {"expected_by_chance", clue.chance_hits},
            {"more", clue.more},
            {"tells_nothing", clue.stock}};
        if (!clue.tenants_by_group.empty()) one["seen_as"] = seen_as(clue);
        out.push_back(std::move(one));
    }
    return out;
}

}  // namespace

json::object to_json(const Question& question, const Facts& facts, const Answer& answer) {
    json::array candidates;
    for (const Candidate& each : answer.candidates) candidates.push_back(to_json(each, facts));
    json::array searched;
    for (const NamedParty& party : facts.parties) {
        searched.push_back(
            {{"party", party.uid}, {"by", party.by}, {"tenants", texts(party.tenants)}});
    }
    return {{"asked", asked(question)},
            {"window",
             {{"from", base::to_rfc3339(question.from)}, {"to", base::to_rfc3339(question.to)}}},
            {"as_of", time_or_null(question.as_of)},
            {"use", name(answer.use)},
            {"licence",
             {{"known_then", name(answer.licence.known_then)},
              {"known_now", name(answer.licence.known_now)},
              {"reasons", texts(answer.licence.reasons)}}},
            {"confidence", answer.confidence},
            {"subject", about_a_key(question) ? "key" : "party"},
            {"statement", answer.statement},
            {"because", texts(answer.because)},
            {"candidates", std::move(candidates)},
            {"unnamed", {{"tenants", answer.others}, {"best_posterior", answer.best_of_others}}},
            {"evidence", evidence_of(facts, answer)},
            {"near_misses", texts(answer.near_misses)},
            {"would_change_it", texts(answer.would_change)},
            {"coverage", coverage_of(facts.coverage)},
            {"power", power_of(answer.power)},
            {"per_clue", per_clue(question, facts)},
            {"contract", {{"match", answer.customer_record}, {"parties", std::move(searched)}}},
            {"limits", texts(answer.limits)},
            {"model",
             {{"weights", model},
              {"registry", facts.registry_version},
              {"data", text_or_null(facts.data_position)},
              {"active_tenants", facts.active_tenants},
              {"issued_keys", facts.issued_keys}}}};
}

}  // namespace presence
