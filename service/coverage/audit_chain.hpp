#pragma once

#include "base/digest.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The audit as a chain: what makes a change of it visible, whoever made it.
namespace coverage {

/// One entry of the audit, as stored.
struct AuditEntry {
    std::uint64_t n = 0;
    base::WallTime at;
    std::string actor;
    std::string action;
    std::string object;
    std::string details;  ///< JSON as the database prints it.
    bool keyed = true;    ///< False: older than the chain, taken into it by plain SHA-256.
    base::Digest mac{};
    /// Of an entry that an erasure changed: proves what is left, in place of the mac.
    std::optional<base::Digest> erased{};

    bool operator==(const AuditEntry&) const = default;
};

/// HMAC-SHA-256 under `key` (of a plain entry SHA-256) over the length-prefixed texts: "callerprint
/// audit 1", the mac before (32 zero bytes before the first), n, the time in microseconds, actor,
/// action, object, and the SHA-256 of the details.
[[nodiscard]] base::Digest mac_of(std::string_view key, const base::Digest& previous,
                                  const AuditEntry& entry);

/// What `erased` of an entry must be: HMAC-SHA-256 under `key` over the length-prefixed texts
/// "callerprint audit erased 1", the mac before, the entry's mac, n, the time in microseconds,
/// actor, action, object and details, as they are now. The entry's mac stays and the next one is
/// made of it, so that the chain holds; nobody without the key can pass a change off as an erasure.
[[nodiscard]] base::Digest erased_mac_of(std::string_view key, const base::Digest& previous,
                                         const AuditEntry& entry);

/// Whether an entry is what was written after the one with that mac, or what an erasure left of it.
[[nodiscard]] bool is_genuine(std::string_view key, const base::Digest& previous,
                              const AuditEntry& entry);

/// A place of the chain, remembered outside the database: what the end was at some time. Without
/// one, nobody can tell a chain from the same chain whose last entries were cut off.
struct AuditAnchor {
    std::uint64_t n = 0;
    base::Digest mac{};

    bool operator==(const AuditAnchor&) const = default;
};

/// "N:MAC", the mac in hex; as the log and `callerprint audit verify` write anchors.
[[nodiscard]] std::string to_text(const AuditAnchor& anchor);
/// Fault::invalid with the form that it should have.
base::Result<AuditAnchor> parse_anchor(std::string_view text);

/// An anchor as the data folder keeps it: its text and a keyed digest of it, one line.
[[nodiscard]] std::string sealed(const AuditAnchor& anchor, std::string_view key);
/// Fault::invalid when it was not sealed under this key.
base::Result<AuditAnchor> unsealed(std::string_view line, std::string_view key);

/// Walks entries in the order of their numbers and stops at the first that is not what it was.
class AuditWalk {
public:
    /// Begins behind `since`, of which nothing before is looked at, or at the first entry.
    /// `anchors`: places that the chain must pass through.
    AuditWalk(std::string key, std::optional<AuditAnchor> since, std::vector<AuditAnchor> anchors);

    /// False at the first fault; then finish() changes nothing.
    bool take(const AuditEntry& entry);
    /// `head` is what the database says that the last entry is.
    void finish(const AuditAnchor& head);

    struct Fault {
        std::uint64_t n = 0;  ///< The first bad entry.
        std::string what;     ///< "is missing: ..."; one clause.
    };
    [[nodiscard]] const std::optional<Fault>& fault() const noexcept { return fault_; }
    [[nodiscard]] std::uint64_t entries() const noexcept { return entries_; }
    [[nodiscard]] std::uint64_t plain() const noexcept { return plain_; }
    [[nodiscard]] std::uint64_t erased() const noexcept { return erased_; }
    /// The last good entry.
    [[nodiscard]] const AuditAnchor& last() const noexcept { return last_; }

private:
    bool fail(std::uint64_t n, std::string what);
    [[nodiscard]] bool anchored_otherwise(const AuditEntry& entry) const;

    std::string key_;
    std::vector<AuditAnchor> anchors_;
    AuditAnchor last_;
    bool any_keyed_ = false;
    std::uint64_t entries_ = 0;
    std::uint64_t plain_ = 0;
    std::uint64_t erased_ = 0;
    std::optional<Fault> fault_;
};

}  // namespace coverage
