#pragma once

#include "alert/alert.hpp"
#include "base/digest.hpp"
#include "base/time.hpp"
#include "coverage/sequence.hpp"
#include "rollup/rows.hpp"
#include "store/call_rows.hpp"
#include "store/endpoint.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// A record that backs an alert, with the bytes that were seen and their digest.
struct Evidence {
    std::string alert_id;
    std::string source;
    std::uint64_t block = 0;   ///< Journal LSN.
    std::uint32_t record = 0;  ///< Index in the block.
    std::optional<base::EventTime> time;
    std::string sha256;  ///< Hex, of `raw` as journalled.
    std::string raw;     ///< The record without secrets; may be cut, the digest is of the whole.
};

/// Something that could not be used, and why.
struct DeadLetter {
    std::string source;
    std::string client;
    std::uint64_t block = 0;
    std::uint32_t record = 0;
    base::WallTime received;
    std::string code;    ///< From a closed list: "bad_timestamp", "refused_by_database", ...
    std::string reason;  ///< One sentence.
    std::string sample;  ///< First bytes, scrubbed.
};

/// A source that was declared silent, by a control block.
struct Silence {
    std::uint64_t block = 0;
    std::string source;
    base::WallTime declared;
};

/// A rule that was not tried from a time on, as it cost too much, or that is tried again.
struct Suspension {
    std::string digest;
    std::string policy_key;  ///< Of its beginning.
    base::EventTime at;
    bool over = false;
};

/// Everything that a batch of journal blocks [from, to) changes.
struct Effects {
    std::string source = "main";
    int partition = 0;
    std::int64_t epoch = 0;
    std::uint64_t from = 0;  ///< Must equal the stored next_offset.
    std::uint64_t to = 0;    ///< Becomes it. Above `from`, unless there is only a window state.
    base::EventTime watermark = base::EventTime::min();
    std::string policy_rev;  ///< The one revision that judged all of it.
    rollup::Rows rollup;     ///< Deltas, with the coverage per source minute.
    std::vector<alert::Change> alerts;
    std::vector<Evidence> evidence;
    std::vector<DeadLetter> dead_letters;
    std::vector<coverage::Report> reports;  ///< In the order in which they came.
    CallRows calls;                         ///< Raw calls, by the setting all, matched or none.
    std::vector<Silence> silences;
    std::vector<Suspension> suspensions;  ///< In the order in which they came.
    std::vector<base::Digest> leaves;  ///< Of the batch's tree in the chain (coverage/chain.hpp).
    std::uint64_t records = 0;         ///< In its blocks.
    base::WallTime arrived;            ///< Of its last block.
    /// State of windows and groups as of `to`, in parts; snapshot_offset becomes `to`. Takes the
    /// place of the one stored before, as a whole. No parts: that one stays.
    std::vector<std::string> window_state;
    base::WallTime now;  ///< Stamped on rows as the time of writing, and when deliveries are due.
};

/// A change of an alert that endpoints may be told of.
struct Transition {
    const alert::Alert& alert;
    std::string_view event;  ///< "alert.opened", "alert.updated", "alert.closed", "alert.reopened"
    std::string_view name;   ///< Part of the delivery's identity: "open", "update-3", "close-1".
    base::WallTime at;       ///< When the transition was stored.
    std::string_view state;  ///< open, acknowledged, closed.
    std::string_view disposition;  ///< Of a closed alert, else empty.
    std::string_view sub_reason;
};

/// The bytes an endpoint gets. Rendered once, when the row is written, and sent unchanged on every
/// attempt.
struct Body {
    std::string bytes;
    std::string content_type = "application/json";
};
using Renderer =
    std::function<Body(const Endpoint&, const Transition&, std::string_view webhook_id)>;

/// "msg_" and base32 of SHA-256 over (alert id, transition, endpoint id): the `webhook-id`.
[[nodiscard]] std::string delivery_id(std::string_view alert_id, std::string_view transition,
                                      std::string_view endpoint_id);

}  // namespace store
