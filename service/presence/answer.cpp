#include "presence/answer.hpp"

#include "presence/rank.hpp"
#include "presence/words.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace presence {
namespace {

bool anything_fits(const Facts& facts) {
    return !facts.sightings.empty() || std::ranges::any_of(facts.clues, [](const ClueFacts& clue) {
        return !clue.keys.empty();
    });
}

/// No clue can be judged: all keys, none of them ever issued.
bool never_issued(const Question& question, const Facts& facts) {
    if (!about_a_key(question)) return false;
    return std::ranges::all_of(facts.clues,
                               [](const ClueFacts& clue) { return clue.keys.empty(); });
}

/// Why nothing can be concluded from having found nothing; empty: something can.
std::vector<std::string> blindness(const Question& question, const Facts& facts,
                                   const Power& power) {
    std::vector<std::string> out;
    const auto& coverage = facts.coverage;
    for (const coverage::Gap& gap : coverage.gaps) {
        if (gap.acknowledged) continue;
        out.push_back(gap_words(gap) + ", which nobody has acknowledged");
    }
    if (coverage.retained_from && *coverage.retained_from > question.from) {
        out.push_back("what was before " + base::to_rfc3339(*coverage.retained_from) +
                      " is not kept any more");
    }
    if (coverage.sources.empty()) out.emplace_back("no source sent anything in the period");
    if (power.covered < covered_at_least) {
        out.push_back("only " + percent(power.covered) + " of what was called can be vouched for");
    }
    const bool searchable = std::ranges::any_of(question.clues, [&](const Clue& clue) {
        const auto place = static_cast<std::size_t>(&clue - question.clues.data());
        const auto group = group_of(clue.kind);
        // Not finding it says nothing where the calls that would show it were not kept.
        const bool of_kept_calls = group == Group::registry || group == Group::resource;
        return group && !of_kept_calls && !facts.clues[place].stock;
    });
    for (std::size_t i = 0; i < facts.clues.size(); ++i) {
        if (!facts.clues[i].more) continue;
        out.push_back("the " + std::string(name(question.clues[i].kind)) +
                      " clue fits more than could be looked at");
    }
    if (!searchable) {
        out.emplace_back(
            "no clue has to show in what is kept of calls: a name, a domain or a resource need "
            "not, "
            "and a client that everybody has tells nothing");
    }
    return out;
}

void negative(Answer& out, const Question& question, const Facts& facts) {
    auto blind = blindness(question, facts, out.power);
    if (!blind.empty()) {
        out.use = UseVerdict::cannot_say;
        out.confidence = 0;
        out.because = std::move(blind);
        return;
    }
    out.use = UseVerdict::not_observed;
    out.confidence = 0.95;
    out.because.push_back("none of the clues occurs in " + period(question) +
                          ", and the period is covered");
}

void decide(Answer& out, const Question& question, const Facts& facts) {
    const bool about_key = about_a_key(question);
    if (never_issued(question, facts)) {
        out.use = UseVerdict::not_issued;
        out.confidence = 1;
        out.because.emplace_back("no key of ours is or contains what was given");
        return;
    }
    Ranking ranking = rank(question, facts);
    out.candidates = std::move(ranking.named);
    out.others = ranking.others;
    out.best_of_others = ranking.best_of_others;
    if (!out.candidates.empty()) {
        const Candidate& best = out.candidates.front();
        out.use = best.posterior >= used_from ? UseVerdict::used : UseVerdict::likely_used;
        out.confidence = best.posterior;
        out.customer_record = best.customer_record;
        out.because.push_back(about_key              ? "the key was used; by whom, it does not say"
                              : best.customer_record ? "a customer record of the party was used"
                                                     : "kinds of evidence agree on one tenant");
        return;
    }
    const bool used_by_somebody =
        std::ranges::any_of(facts.personas, [](const Persona& persona) { return persona.ok > 0; });
    if (anything_fits(facts) && used_by_somebody && out.others > 0) {
        out.use = UseVerdict::inconclusive;
        out.confidence = out.best_of_others;
        out.because.push_back("the clues fit " + count_of(out.others, "tenant") +
                              ", and nothing tells which of them, if any, is meant");
        return;
    }
    negative(out, question, facts);
    if (std::ranges::any_of(facts.personas, [](const Persona& each) { return each.calls > 0; })) {
        out.near_misses.emplace_back("calls that fit were all refused: attempts, no use");
    }
}

}  // namespace

std::string_view name(UseVerdict verdict) noexcept {
    static constexpr std::array<std::string_view, 6> names = {
        "used", "likely_used", "inconclusive", "not_observed", "not_issued", "cannot_say"};
    return names[static_cast<std::size_t>(verdict)];
}

std::string_view name(LicenceVerdict verdict) noexcept {
    static constexpr std::array<std::string_view, 4> names = {"licensed", "unlicensed", "unclear",
                                                              "not_applicable"};
    return names[static_cast<std::size_t>(verdict)];
}

Answer answer(const Question& question, const Facts& facts) {
    Answer out;
    out.power = power_of(facts.coverage);
    decide(out, question, facts);
    out.licence = judge_licence(facts, out.candidates);
    for (std::size_t i = 0; i < question.clues.size(); ++i) {
        if (!facts.clues[i].near_miss.empty()) {
            out.near_misses.push_back(std::string(name(question.clues[i].kind)) + " " +
                                      masked(question.clues[i]) + ": " + facts.clues[i].near_miss);
        }
    }
    out.would_change = would_change(question, facts, out);
    out.limits = limits(question, facts, out);
    out.statement = statement(question, facts, out);
    return out;
}

}  // namespace presence
