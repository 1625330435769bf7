#pragma once

#include "app/audit_watch.hpp"
#include "app/doorbell.hpp"
#include "base/result.hpp"
#include "ingest/tokens.hpp"
#include "metrics/registry.hpp"
#include "registry/registry.hpp"
#include "store/registry_cache.hpp"
#include "store/retention.hpp"
#include "store/session.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace app {

/// What has to happen from time to time: seeing that tokens or registry rows changed (every
/// second, and when a command rings), the database's figures (every 15 s), whether the audit is
/// whole (every minute), retention (every hour), and that a database which is gone is started
/// again. One thread with a session of its own.
class Housekeeper {
public:
    struct Options {
        store::Session::Options session;
        store::Retention retention;
        std::string pepper;              ///< Of the tokens.
        std::filesystem::path data_dir;  ///< Where commands ring (Doorbell).
        AuditWatch* audit = nullptr;     ///< Borrowed.
        std::shared_ptr<store::RegistryCache> registries;
        std::function<void(std::shared_ptr<const ingest::Tokens>)> on_tokens;
        std::function<void(std::shared_ptr<const registry::Registry>)> on_registry;
        std::function<base::Result<void>()> revive_database;  ///< Asked when it does not answer.
    };

    Housekeeper(Options options, metrics::Registry& metrics);
    ~Housekeeper() = default;

    /// Does the first round in the caller's thread, so that tokens and registry are there before
    /// the first request; then starts the thread.
    base::Result<void> start();
    void stop();

private:
    void run(const std::stop_token& stop);
    base::Result<void> connect();
    base::Result<void> look_for_changes();
    base::Result<void> look_at_tokens();
    base::Result<void> look_at_registry();
    void publish_figures();
    void publish_blindness();
    void expire();

    Options options_;
    std::unique_ptr<Doorbell> bell_;  // once the thread runs
    std::unique_ptr<store::Session> session_;
    std::string tokens_seen_;
    std::shared_ptr<const registry::Registry> registry_seen_;

    metrics::Gauge database_bytes_, outbox_waiting_, outbox_dead_, outbox_oldest_, policies_blind_,
        alerts_open_, dead_letters_;
    std::jthread thread_;
};

}  // namespace app
