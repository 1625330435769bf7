#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace pipeline {

/// How far event time has come: the time below which no source in step will send anything any more.
///
/// Each source holds the watermark at its newest event less its allowed lateness, until it is
/// declared idle; the lowest source decides. With every source idle, all that was sent counts as
/// complete. The watermark never goes back. It reads no clock: who declares a source idle writes
/// that into the journal first, so that a replay sees it at the same place.
class Watermark {
public:
    /// Counts the newest event time of a block, already bounded by the allowed skew into the
    /// future.
    void observe(std::string_view source, base::EventTime newest,
                 std::chrono::microseconds lateness);

    /// The source has been silent for its lateness: it holds nothing back until it sends again.
    void idle(std::string_view source);

    /// EventTime::min() until something was observed.
    [[nodiscard]] base::EventTime value() const noexcept { return value_; }
    /// True when a source that is not idle has sent something.
    [[nodiscard]] bool holds(std::string_view source) const;

    [[nodiscard]] std::string save() const;
    base::Result<void> restore(std::string_view saved);

private:
    struct Source {
        base::EventTime newest = base::EventTime::min();
        std::chrono::microseconds lateness{0};
        bool idle = false;
    };
    void raise();

    std::map<std::string, Source, std::less<>> sources_;
    base::EventTime value_ = base::EventTime::min();
};

}  // namespace pipeline
