#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "coverage/certificate.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coverage {

/// [from, to).
struct Span {
    base::EventTime from;
    base::EventTime to;

    bool operator==(const Span&) const = default;
};

/// The same times as spans in order that neither touch nor overlap, cut to [from, to).
[[nodiscard]] std::vector<Span> joined(std::vector<Span> spans, base::EventTime from,
                                       base::EventTime to);
/// What is in `all` and not in `taken`; both as joined() gives them, and so is the result.
[[nodiscard]] std::vector<Span> without(const std::vector<Span>& all,
                                        const std::vector<Span>& taken);
/// The length of spans as joined() gives them.
[[nodiscard]] base::EventTime::duration total(const std::vector<Span>& spans) noexcept;

/// What a source is expected to do from a time on: something at least `every` so often, or nothing
/// that we know of.
struct Expectation {
    base::EventTime since;
    std::optional<base::EventTime::duration> every;  ///< A minute or more.
    bool configured = true;  ///< Not: from then on there is no such source, and nothing is missing.
};

/// The gaps of one source between two times that follow from what it declared.
struct Silence {
    std::vector<Span> silent;          ///< Longer than declared without a sign of life.
    std::vector<Span> no_expectation;  ///< Nothing was declared.
};
/// `quiet`: the times without record or heartbeat, as joined() gives them, with their whole length
/// where they reach out of the window; those that are no longer than the shortest rhythm may be
/// left out. `expected`: ascending by `since`; each holds until the next. Nothing is due behind
/// `now`.
[[nodiscard]] Silence silence(const std::vector<Span>& quiet,
                              const std::vector<Expectation>& expected, Span window,
                              base::EventTime now);

/// That somebody knows of what is missing from a source, for one cause.
struct Acknowledgement {
    std::string source;
    Cause cause = Cause::silent;
    Span span;
    std::string note;  ///< Who and why.
};
/// The gaps in order, each cut where an acknowledgement of its source and cause begins or ends.
/// What is acknowledged says so and by whom. A gap with a number of lost records is cut nowhere: it
/// is acknowledged when all of it is.
[[nodiscard]] std::vector<Gap> acknowledged(std::vector<Gap> gaps,
                                            const std::vector<Acknowledgement>& known);

/// How a person names a gap: SOURCE/CAUSE/FROM/TO, `all` for the source of a gap of all sources.
[[nodiscard]] std::string id_of(const Gap& gap);
/// Reads what id_of writes. Fails with Fault::invalid and an example.
[[nodiscard]] base::Result<Gap> parse_gap_id(std::string_view text);

/// The order of a certificate's gaps.
void sort(std::vector<Gap>& gaps);

}  // namespace coverage
