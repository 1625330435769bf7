#pragma once

#include "presence/answer.hpp"

#include <string>
#include <utility>
#include <vector>

/// A small deployment to ask about: 100 active tenants, one source that declared its rhythm,
/// nothing missing, January 2026.
namespace presence::test {

inline base::EventTime at(int day, int hour = 0) {
    return base::event_time((1'767'225'600LL + (day - 1) * 86'400LL + hour * 3'600LL) *
                            1'000'000LL);
}

class World {
public:
    World() {
        question.from = at(1);
        question.to = at(31);
        question.case_ref = "case-1";
        question.asked_by = "analyst";
        facts.active_tenants = 100;
        facts.issued_keys = 1'000;
        facts.coverage.from = question.from;
        facts.coverage.to = question.to;
        facts.coverage.sources = {{.source = "gateway",
                                   .received = 100'000,
                                   .parsed = 100'000,
                                   .attributed = 100'000,
                                   .expected = 100'000,
                                   .expectation_declared = true}};
        coverage::measure(facts.coverage);
    }

    std::size_t clue(Kind kind, const std::string& value) {
        question.clues.push_back(make_clue(kind, value).value());
        facts.clues.emplace_back();
        return question.clues.size() - 1;
    }

    std::size_t persona(const std::string& tenant, const std::string& key, std::uint64_t ok = 100) {
        facts.personas.push_back({.key = key,
                                  .tenant = tenant,
                                  .origin = "of1:1:" + key,
                                  .address = "198.51.100.7",
                                  .client = "python-requests 2.31",
                                  .first = at(3),
                                  .last = at(20),
                                  .calls = 120,
                                  .ok = ok,
                                  .sessions = 40});
        return facts.personas.size() - 1;
    }

    void shows(std::size_t persona, std::size_t clue, std::uint64_t tenants = 1) {
        facts.sightings.push_back({.clue = clue, .persona = persona});
        facts.clues[clue].tenants = tenants;
    }

    void hole(bool acknowledged) {
        facts.coverage.gaps.push_back({.source = "gateway",
                                       .from = at(10),
                                       .to = at(10, 1),
                                       .cause = coverage::Cause::silent,
                                       .acknowledged = acknowledged});
        coverage::measure(facts.coverage);
    }

    [[nodiscard]] Answer ask() const { return answer(question, facts); }

    Question question;
    Facts facts;
};

}  // namespace presence::test
