#pragma once

#include "base/time.hpp"
#include "policy/problem.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace policy {

/// Where a record comes from, or which records a rule is for. Compared ignoring case; an empty
/// dimension says nothing and excludes nothing (sigma.md section 3).
struct LogSource {
    std::string product;
    std::string service;
    std::string category;

    auto operator<=>(const LogSource&) const = default;
};

/// Who an alert is about.
enum class SubjectKind : std::uint8_t { none, key, tenant, origin, operator_, custom };

/// "key", "tenant", "origin", "operator", "custom"; "" for none.
[[nodiscard]] std::string_view name(SubjectKind kind) noexcept;

/// The `callerprint:` block.
struct Meta {
    bool given = false;  ///< False when the document has no such block.
    std::string family;  ///< unlicensed, prohibited, abuse, health; empty when not given.
    std::string clause;  ///< The contract clause or public rule it serves.
    SubjectKind subject = SubjectKind::none;
    /// The dotted name that holds the subject, such as "metadata.tenant_uid"; empty for none.
    std::string subject_field;
    /// One alert for a subject in this time; nothing when the block does not say. 1 s to 30 d.
    std::optional<std::chrono::microseconds> quiet;
    /// Whether a rule that fires by itself does so for a late call too; nothing when the block does
    /// not say. Correlations cannot say it: a window that is over is not opened again.
    std::optional<bool> late_ok;
    std::vector<std::string> benign;  ///< Other explanations to test and show.
    std::string series;               ///< Keeps an alert's identity when a policy is rewritten.
    /// Of a rule: false says that to match it is nothing special, so that a call which no other
    /// rule matches is not among the matched ones that are kept.
    bool keep_calls = true;

    /// By default yes: what a rule says of one call is as true when its record comes late.
    [[nodiscard]] bool fires_late() const noexcept { return late_ok.value_or(true); }
};

/// A call of a test, or several that differ in their time.
struct TestCall {
    boost::json::object values;  ///< By name as written; the keys at, repeat, every taken out.
    std::size_t repeat = 1;      ///< How many; those of a test are at most 10,000 together.
    std::chrono::microseconds every{0};  ///< From one to the next.
    /// From `at`: a time, or an offset from the test's start (`90s`, `5m`). Neither: offset 0.
    std::optional<base::EventTime> at;
    std::chrono::microseconds after{0};
};

/// One case of the `tests:` block.
struct TestCase {
    std::string name;
    unsigned line = 0;
    std::vector<TestCall> given;
    /// Rows of the registry that the calls are judged by, as objects of an import file. None: facts
    /// are only what the calls themselves give.
    std::vector<boost::json::object> registry;
    /// One entry an alert: the names it must show with their values as text (`subject`, `value`,
    /// or the name of a group key). Empty: there must be no alert.
    std::vector<std::vector<std::pair<std::string, std::string>>> expect;
};

/// What a policy says of itself; what it does is in its Rule or Correlation.
struct Policy {
    enum class Kind : std::uint8_t { rule, correlation };

    Kind kind = Kind::rule;
    std::string title;
    std::string id;      ///< Empty when not given.
    std::string name;    ///< Empty when not given.
    std::string status;  ///< stable, test, experimental, deprecated, unsupported, or empty.
    std::string level;   ///< informational, low, medium, high, critical, or empty.
    std::string author;  ///< Must be shown with a match (DRL 1.1).
    std::string description;
    std::string license;
    std::vector<std::string> tags;
    std::vector<std::string> references;
    std::vector<std::string> falsepositives;
    std::vector<std::string> fields;  ///< Names to show with an alert.
    LogSource log_source;             ///< Of a rule.
    Meta callerprint;
    std::vector<TestCase> tests;
    std::string digest;  ///< SHA-256 of the document's text, hexadecimal.
    std::string file;
    unsigned line = 0;
    /// False when only correlations use it, none of which says `generate: true`: it then gives no
    /// alert of its own.
    bool generate = true;

    /// The id, else the name, else the title: what an alert is keyed by.
    [[nodiscard]] const std::string& key() const noexcept {
        return !id.empty() ? id : !name.empty() ? name : title;
    }
};

}  // namespace policy
