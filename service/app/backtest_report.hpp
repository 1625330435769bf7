#pragma once

#include "alert/difference.hpp"
#include "alert/lifecycle.hpp"
#include "base/time.hpp"
#include "policy/set.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace app {

/// The calls that a backtest had, and what it had not.
struct BacktestHistory {
    std::string source;  ///< database, journal.
    std::optional<base::EventTime> from, to;
    std::optional<base::EventTime> first, last;  ///< Of the calls.
    std::chrono::microseconds warm_up{0};        ///< Read before `from` to fill windows.
    std::uint64_t calls = 0;
    std::uint64_t late = 0;
    std::uint64_t missing = 0;  ///< Calls judged at the time that are not there; journal: blocks.
    /// Digests of the rules whose calls are all there although others are missing; none: not known.
    std::optional<std::set<std::string>> in_force;

    [[nodiscard]] bool complete() const noexcept { return missing == 0; }
};

/// One of the two sets that are compared, and what it told.
struct BacktestSide {
    std::string what;  ///< "current", "recorded", or the paths.
    std::shared_ptr<const policy::Set> set;
    bool same_lists = true;  ///< As the running server has.
    std::vector<alert::Past> alerts;
};

/// A past alert that a person judged.
struct Label {
    alert::Past past;
    alert::Disposition disposition = alert::Disposition::undetermined;
};

/// What changing from one set to the other does to the alerts of a time. Pure: everything that is
/// printed is computed here, in an order of its own.
class BacktestReport {
public:
    BacktestReport(BacktestHistory history, BacktestSide before, BacktestSide after,
                   std::vector<Label> labels);

    /// What a reader must not miss, one sentence each.
    [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }
    /// True when some alerts of the second set cannot be told from the calls that were kept.
    [[nodiscard]] bool undecided() const noexcept { return undecided_; }
    /// True when an alert was gained, lost or changed.
    [[nodiscard]] bool differs() const noexcept;

    /// `all`: alerts that did not change, too.
    [[nodiscard]] boost::json::object to_json(bool all) const;
    [[nodiscard]] std::string to_text(bool all) const;

private:
    /// How many alerts a policy gives in both sets, and what people said of them.
    struct Row {
        const policy::Policy* before = nullptr;
        const policy::Policy* after = nullptr;
        bool decided = true;
        std::map<alert::Difference::Kind, std::uint64_t> of;
        std::map<alert::Disposition, std::uint64_t> judged_before, judged_after;
        /// Gained alerts by what was said of the same subject before.
        std::uint64_t known_bad = 0, known_good = 0, unlabelled = 0;
    };
    using Judged = std::map<alert::Disposition, std::uint64_t>;

    void find_rows();
    void count_differences();
    void count_labels();
    void find_tenants();
    void warn();
    [[nodiscard]] bool decided(const BacktestSide& side, policy::PolicyIndex policy) const;
    [[nodiscard]] const alert::Alert& subject_of(const alert::Difference& difference) const;
    [[nodiscard]] std::uint64_t total(alert::Difference::Kind kind) const;
    [[nodiscard]] Judged all_judged(Judged Row::* side) const;
    [[nodiscard]] boost::json::object history_json() const;
    [[nodiscard]] boost::json::object row_json(const std::string& key, const Row& row) const;
    [[nodiscard]] boost::json::object change_json(const alert::Difference& difference) const;
    void print_head(std::string& out) const;
    void print_policies(std::string& out) const;
    void print_alerts(std::string& out, alert::Difference::Kind kind, std::size_t most) const;

    BacktestHistory history_;
    BacktestSide before_;
    BacktestSide after_;
    std::vector<Label> labels_;
    std::vector<alert::Difference> differences_;
    std::map<std::string, Row> rows_;  // by policy key
    std::set<std::string> named_;      // tenants that only the second names
    std::set<std::string> cleared_;
    std::vector<std::string> warnings_;
    bool undecided_ = false;
};

}  // namespace app
