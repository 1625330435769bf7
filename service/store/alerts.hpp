#pragma once

#include "alert/alert.hpp"
#include "alert/lifecycle.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "store/session.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// An alert as it stands now.
struct AlertRow {
    alert::Alert alert;
    alert::Triage triage;
    std::optional<base::WallTime> acknowledged;  ///< First time somebody did.
    std::optional<base::WallTime> closed;
    base::WallTime created;  ///< When we stored it; alert.opened is event time.
    base::WallTime changed;
    std::uint64_t updates = 0;
};

/// One line of an alert's life.
struct AlertEvent {
    base::WallTime at;
    std::string actor;
    std::string action;  ///< opened, acknowledge, assign, snooze, close, reopen, comment.
    std::string detail;  ///< "true-positive/stolen-key", a comment, an assignee.
};

struct EvidenceRow {
    Evidence evidence;
    base::WallTime stored;
};

struct AlertDetail {
    AlertRow row;
    std::vector<EvidenceRow> evidence;
    std::vector<AlertEvent> events;
    struct Sent {
        std::string id, endpoint, event, state;
        unsigned attempts = 0;
        std::string error;
    };
    std::vector<Sent> deliveries;
};

struct AlertFilter {
    std::string state;    ///< open, acknowledged, snoozed, closed; empty: all.
    std::string policy;   ///< Policy id or name.
    std::string level;    ///< This level; empty: all.
    std::string subject;  ///< Exact subject.
    std::string tenant;
    std::optional<base::EventTime> since;  ///< Opened at or after.
    std::optional<base::EventTime> until;  ///< Opened before.
    std::string cursor;                    ///< From the previous page.
    unsigned limit = 100;                  ///< 1 to 1,000.
};

struct AlertPage {
    std::vector<AlertRow> rows;  ///< Newest first.
    std::string next;            ///< Cursor of the next page; empty: there is none.
};

/// Reading alerts and what people do to them. Each change checks that it is allowed, writes the
/// alert's history, the audit and the webhooks in one transaction.
class Alerts {
public:
    explicit Alerts(Session& session) : session_(session) {}  // borrowed

    base::Result<AlertPage> list(const AlertFilter& filter);
    /// By id, or by a prefix of at least 4 characters that only one alert has: Fault::not_found
    /// when there is none, Fault::conflict when several.
    base::Result<AlertDetail> show(std::string_view id);

    /// Acknowledges, assigns, snoozes, closes or reopens, by the rules of alert::act.
    base::Result<AlertRow> act(std::string_view id, const alert::Action& action, base::WallTime now,
                               std::span<const alert::CustomReason> custom = {});
    /// Adds a line to the history; at most 4,096 bytes.
    base::Result<AlertRow> comment(std::string_view id, std::string_view actor,
                                   std::string_view text, base::WallTime now);

    /// Dispositions counted per policy key, for precision.
    struct Judged {
        std::string policy;
        std::uint64_t true_positive = 0, benign_positive = 0, false_positive = 0, undetermined = 0;
    };
    base::Result<std::vector<Judged>> judged();

    /// Those of the ids that no alert has.
    base::Result<std::vector<std::string>> missing(const std::vector<std::string>& ids);

private:
    Session& session_;
};

}  // namespace store
