#include "app/audit_watch.hpp"

#include "app/files.hpp"
#include "app/secrets.hpp"
#include "base/log.hpp"
#include "store/audit.hpp"

namespace app {
namespace {

constexpr std::size_t longest_anchor = 256;

std::filesystem::path place(const std::filesystem::path& data_dir) {
    return data_dir / "audit.anchor";
}

}  // namespace

base::Result<std::optional<coverage::AuditAnchor>> read_anchor(
    const std::filesystem::path& data_dir, std::string_view key) {
    const auto line = read_file(place(data_dir), longest_anchor);
    if (!line && line.error().fault == base::Fault::not_found) return std::nullopt;
    if (!line) return std::unexpected(line.error());
    auto anchor = coverage::unsealed(*line, key);
    if (!anchor)
        return base::fail(base::Fault::invalid,
                          place(data_dir).string() + ": " + anchor.error().reason);
    return *anchor;
}

AuditWatch::AuditWatch(std::filesystem::path data_dir, std::string key, metrics::Registry& metrics)
    : data_dir_(std::move(data_dir)),
      key_(std::move(key)),
      intact_(metrics.gauge("callerprint_audit_intact",
                            "1 when the audit's chain and its key are whole, 0 when not.")),
      entries_(metrics.gauge("callerprint_audit_entries",
                             "Number of the last entry of the audit; it never falls.")) {}

base::Result<void> AuditWatch::find_anchor() {
    if (looked_for_anchor_) return {};
    const auto found = read_anchor(data_dir_, key_);
    if (!found) return std::unexpected(found.error());
    looked_for_anchor_ = true;
    anchor_ = *found;
    return {};
}

// The server has the key in memory and goes on; without the file it will not start again.
base::Result<void> AuditWatch::check_key() const {
    const auto secrets = Secrets::open(data_dir_);
    if (!secrets) return std::unexpected(secrets.error());
    if (secrets->key("audit") == key_) return {};
    return base::fail(base::Fault::invalid,
                      "secret.key was replaced while the server ran: restore it from the backup");
}

base::Result<void> AuditWatch::check(store::Session& session) {
    if (auto key = check_key(); !key) return key;
    if (auto known = find_anchor(); !known) return known;
    const auto found = store::walk_audit(session, anchor_, {});
    if (!found) return std::unexpected(found.error());
    if (found->fault)
        return base::fail(base::Fault::invalid, "entry " + std::to_string(found->fault->n) +
                                                    " of the audit " + found->fault->what +
                                                    "; see callerprint audit verify");
    entries_.set(static_cast<double>(found->last.n));
    if (anchor_ == found->last) return {};
    if (auto kept = write_secret(place(data_dir_), coverage::sealed(found->last, key_)); !kept)
        return kept;
    anchor_ = found->last;
    base::log::info("audit.anchored", {{"anchor", coverage::to_text(*anchor_)}});
    return {};
}

void AuditWatch::look(store::Session& session) {
    const auto checked = check(session);
    // A database that is away is no fault of the audit, and detection says so already.
    if (!checked && checked.error().fault == base::Fault::unavailable &&
        !checked.error().reason.contains(data_dir_.string())) {
        base::log::debug("audit.not_checked", {{"reason", checked.error().reason}});
        return;
    }
    const std::string now = checked ? std::string() : checked.error().reason;
    intact_.set(checked ? 1 : 0);
    const std::lock_guard lock(mutex_);
    if (now != trouble_ && !now.empty()) base::log::error("audit.broken", {{"reason", now}});
    trouble_ = now;
}

std::string AuditWatch::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

}  // namespace app
