#pragma once

#include "presence/answer.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The sentences of an answer. They say no more than the numbers do: "was not observed" is never
/// "did not happen", and a limit that matters is part of the statement, not of a footnote.
namespace presence {

/// "1 tenant", "1,204 tenants".
[[nodiscard]] std::string count_of(std::uint64_t count, std::string_view thing);
/// "99.88 %": never rounded up to 100.
[[nodiscard]] std::string percent(double share);
/// "the time from 2026-01-01T00:00:00Z to 2026-02-01T00:00:00Z".
[[nodiscard]] std::string period(const Question& question);
/// "nothing came from gateway between ... and ...".
[[nodiscard]] std::string gap_words(const coverage::Gap& gap);

[[nodiscard]] std::string statement(const Question& question, const Facts& facts,
                                    const Answer& answer);
[[nodiscard]] std::vector<std::string> limits(const Question& question, const Facts& facts,
                                              const Answer& answer);
[[nodiscard]] std::vector<std::string> would_change(const Question& question, const Facts& facts,
                                                    const Answer& answer);

}  // namespace presence
