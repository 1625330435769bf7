#include "app/housekeeper.hpp"

#include "base/log.hpp"
#include "base/thread.hpp"
#include "store/coverage.hpp"
#include "store/stats.hpp"
#include "store/tokens.hpp"

#include <algorithm>
#include <chrono>

namespace app {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds look_every{1};
constexpr seconds figures_every{15};
constexpr seconds audit_every{60};
constexpr seconds expire_every{3600};
// It reads as far back as the longest window reaches.
constexpr seconds blindness_every{300};

ingest::Tokens::Row row_of(const store::Token& token) {
    ingest::Tokens::Row row;
    row.client.id = token.id;
    row.client.name = token.name;
    for (const auto& scope : token.scopes)
        row.client.scopes |= ingest::parse_scopes(scope).value_or(0);
    row.client.sources = token.sources;
    row.expires = token.expires;
    std::copy_n(token.mac.begin(), std::min(token.mac.size(), row.digest.size()),
                row.digest.begin());
    return row;
}

}  // namespace

Housekeeper::Housekeeper(Options options, metrics::Registry& metrics)
    : options_(std::move(options)),
      database_bytes_(metrics.gauge("callerprint_database_bytes", "Size of the database.")),
      outbox_waiting_(
          metrics.gauge("callerprint_outbox_waiting", "Deliveries waiting to be attempted.")),
      outbox_dead_(metrics.gauge("callerprint_outbox_dead", "Deliveries given up.")),
      outbox_oldest_(metrics.gauge("callerprint_outbox_oldest_seconds",
                                   "Age of the oldest waiting delivery.")),
      policies_blind_(metrics.gauge(
          "callerprint_policies_blind",
          "Policies of which a log source had a gap within the reach of their windows.")),
      alerts_open_(metrics.gauge("callerprint_alerts_open", "Alerts that are open.")),
      dead_letters_(metrics.gauge("callerprint_dead_letters",
                                  "Records kept because they could not be used.")) {}

base::Result<void> Housekeeper::start() {
    if (auto looked = look_for_changes(); !looked) return looked;
    options_.audit->look(*session_);
    bell_ = std::make_unique<Doorbell>(options_.data_dir);
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    return {};
}

void Housekeeper::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
    if (session_) options_.audit->look(*session_);  // so that what was written last is anchored
}

base::Result<void> Housekeeper::connect() {
    if (session_) return {};
    auto session = store::Session::open(options_.session);
    if (!session) return std::unexpected(session.error());
    session_ = std::move(*session);
    return {};
}

base::Result<void> Housekeeper::look_for_changes() {
    if (auto connected = connect(); !connected) return connected;
    if (auto done = look_at_tokens(); !done) return done;
    return look_at_registry();
}

base::Result<void> Housekeeper::look_at_tokens() {
    const auto tokens = store::Tokens(*session_).list();
    if (!tokens) return std::unexpected(tokens.error());
    const auto now = base::WallClock::now();
    std::vector<ingest::Tokens::Row> rows;
    std::string seen;
    for (const auto& token : *tokens) {
        if (token.revoked || (token.expires && *token.expires <= now)) continue;
        rows.push_back(row_of(token));
        seen += token.id + ' ';
    }
    // The first round always reports, even that there is none.
    seen += '.';
    if (seen == tokens_seen_) return {};
    tokens_seen_ = std::move(seen);
    options_.on_tokens(std::make_shared<const ingest::Tokens>(options_.pepper, std::move(rows)));
    return {};
}

base::Result<void> Housekeeper::look_at_registry() {
    const auto registry = options_.registries->newest(*session_);
    if (!registry) return std::unexpected(registry.error());
    if (*registry == registry_seen_) return {};
    registry_seen_ = *registry;
    base::log::info("registry.loaded", {{"version", registry_seen_->version()},
                                        {"rows", registry_seen_->rows().size()}});
    options_.on_registry(registry_seen_);
    return {};
}

void Housekeeper::publish_figures() {
    const auto stats = store::stats(*session_);
    if (!stats) return;
    database_bytes_.set(static_cast<double>(stats->database_bytes));
    outbox_waiting_.set(static_cast<double>(stats->outbox_waiting));
    outbox_dead_.set(static_cast<double>(stats->outbox_dead));
    outbox_oldest_.set(stats->outbox_oldest_seconds);
    alerts_open_.set(static_cast<double>(stats->alerts_open));
    dead_letters_.set(static_cast<double>(stats->dead_letters));
}

void Housekeeper::publish_blindness() {
    const auto now = std::chrono::floor<std::chrono::minutes>(
        base::event_time(base::micros(base::WallClock::now())));
    const auto blind = store::blind_policies(*session_, now - std::chrono::minutes(1), now);
    if (blind) policies_blind_.set(static_cast<double>(blind->size()));
}

void Housekeeper::expire() {
    const auto expired = store::expire(*session_, options_.retention, base::WallClock::now());
    if (!expired) {
        base::log::warn("store.expire_failed", {{"reason", expired.error().reason}});
    } else if (expired->partitions + expired->rows > 0) {
        base::log::info("store.expired",
                        {{"partitions", expired->partitions}, {"rows", expired->rows}});
    }
}

void Housekeeper::run(const std::stop_token& stop) {
    base::name_thread("housekeeper");
    auto figures_due = steady_clock::now();
    auto audit_due = steady_clock::now() + audit_every;
    auto expire_due = steady_clock::now() + seconds(60);
    auto blindness_due = steady_clock::now() + seconds(2);
    while (!stop.stop_requested()) {
        bell_->wait(stop, look_every);
        if (stop.stop_requested()) return;
        const auto looked = look_for_changes();
        bell_->answer(looked.has_value());
        if (!looked) {
            // The committer already says so every time it fails; here once a round is enough noise.
            base::log::debug("housekeeper.waiting", {{"reason", looked.error().reason}});
            session_.reset();
            if (const auto revived = options_.revive_database(); !revived)
                base::log::error("store.cluster_not_revived", {{"reason", revived.error().reason}});
            continue;
        }
        if (steady_clock::now() >= figures_due) {
            publish_figures();
            figures_due = steady_clock::now() + figures_every;
        }
        if (steady_clock::now() >= audit_due) {
            options_.audit->look(*session_);
            audit_due = steady_clock::now() + audit_every;
        }
        if (steady_clock::now() >= blindness_due) {
            publish_blindness();
            blindness_due = steady_clock::now() + blindness_every;
        }
        if (steady_clock::now() >= expire_due) {
            expire();
            expire_due = steady_clock::now() + expire_every;
        }
    }
}

}  // namespace app
