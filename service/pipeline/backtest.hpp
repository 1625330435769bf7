#pragma once

#include "alert/difference.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "journal/reader.hpp"
#include "pipeline/evaluator.hpp"
#include "pipeline/reference.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pipeline {

/// By policy key: how long an alert speaks for its subject.
using QuietTimes = std::map<std::string, std::chrono::microseconds, std::less<>>;
[[nodiscard]] QuietTimes quiet_times(const policy::Set& set);
/// The alert with the end of its quiet time; of a policy that is not among them, its last match.
[[nodiscard]] alert::Past past_of(alert::Alert alert, const QuietTimes& times);

/// What one set of policies would have told of the past. It is the Evaluator of the running server,
/// fed with blocks that were judged before, so that the same blocks give the same alerts.
class Backtest {
public:
    /// The options are those of the server; what is stored besides alerts is left out. The
    /// reference must be made for Purpose::store.
    static base::Result<std::unique_ptr<Backtest>> make(std::shared_ptr<const Reference> reference,
                                                        Evaluator::Options options);

    /// Blocks in the order of the journal, its control blocks among them.
    void apply(const journal::Entry& entry);
    /// No more blocks: every source is silent, so that what waits for later calls is judged.
    void finish();

    [[nodiscard]] const Evaluator::Counters& counters() const noexcept {
        return evaluator_->counters();
    }
    /// The alerts opened in [from, to), in the order of their ids. What was opened before is there
    /// to fill windows and quiet times alone.
    [[nodiscard]] std::vector<alert::Past> alerts(std::optional<base::EventTime> from,
                                                  std::optional<base::EventTime> to) const;

private:
    Backtest(std::shared_ptr<const Reference> reference, std::unique_ptr<Evaluator> evaluator);
    void note(std::vector<alert::Change> changes);

    std::shared_ptr<const Reference> reference_;
    std::unique_ptr<Evaluator> evaluator_;
    std::map<std::string, journal::Lsn, std::less<>> sources_;  // with their newest block
    QuietTimes quiet_;
    std::map<std::string, alert::Past, std::less<>> alerts_;  // by id
};

/// The longest time that a call stays of account in the set: a window, or a quiet time. A judgement
/// that starts so much earlier has full windows when it begins to count.
[[nodiscard]] std::chrono::microseconds memory_of(const policy::Set& set);

}  // namespace pipeline
