#pragma once

#include "alert/alert.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "store/session.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// An alert as it stands now.
struct AlertRow {
    alert::Alert alert;
    std::string state;        ///< open, acknowledged, closed.
    std::string disposition;  ///< Of a closed alert: true-positive, benign-positive, ...
    std::string sub_reason;
    std::string assignee;
    std::string tenant;  ///< metadata.tenant_uid of the subject; empty when it has none.
    std::optional<base::WallTime> acknowledged;
    std::optional<base::WallTime> closed;
    base::WallTime created;  ///< When we stored it; alert.opened is event time.
    std::uint64_t updates = 0;
};

/// One line of an alert's life.
struct AlertEvent {
    base::WallTime at;
    std::string actor;
    std::string action;  ///< opened, updated, acknowledged, assigned, closed, reopened, comment.
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
    std::string state;    ///< open, acknowledged, closed; empty: all.
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

    struct By {
        std::string actor;
        std::string comment;  ///< Optional, kept in the history.
        base::WallTime now;
    };
    /// Fault::conflict when the alert is not in a state to be changed so.
    base::Result<AlertRow> acknowledge(std::string_view id, const By& by);
    base::Result<AlertRow> assign(std::string_view id, std::string_view assignee, const By& by);
    base::Result<AlertRow> comment(std::string_view id, const By& by);
    /// `disposition` and `sub_reason` as experience.md 4.3 lists them ("true-positive",
    /// "stolen-key"); Fault::invalid, naming what is possible, for others.
    base::Result<AlertRow> close(std::string_view id, std::string_view disposition,
                                 std::string_view sub_reason, const By& by);
    base::Result<AlertRow> reopen(std::string_view id, const By& by);

private:
    Session& session_;
};

}  // namespace store
