#pragma once

#include "base/result.hpp"
#include "coverage/audit_chain.hpp"
#include "metrics/registry.hpp"
#include "store/session.hpp"

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

namespace app {

/// The anchor of the audit in data_dir: its end when it was last seen whole. Nothing when there is
/// none yet; Fault::invalid when the file was not written by whoever has the key.
base::Result<std::optional<coverage::AuditAnchor>> read_anchor(
    const std::filesystem::path& data_dir, std::string_view key);

/// Sees that the audit only grows: each look checks what was added since the last and moves the
/// anchor, which lies outside the database and is in the log each time. So a tail that was cut off
/// is found, and an anchor never moves over a chain that is broken.
class AuditWatch {
public:
    AuditWatch(std::filesystem::path data_dir, std::string key, metrics::Registry& metrics);

    /// The housekeeper's, every minute.
    void look(store::Session& session);

    /// Why the audit or its key cannot be trusted; empty: they can. Thread-safe.
    [[nodiscard]] std::string trouble() const;

private:
    base::Result<void> find_anchor();
    base::Result<void> check_key() const;
    base::Result<void> check(store::Session& session);

    std::filesystem::path data_dir_;
    std::string key_;
    std::optional<coverage::AuditAnchor> anchor_;
    bool looked_for_anchor_ = false;
    metrics::Gauge intact_, entries_;
    mutable std::mutex mutex_;
    std::string trouble_;  // under mutex_
};

}  // namespace app
