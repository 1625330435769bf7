#include "app/open_database.hpp"

#include "app/stored_outbox.hpp"
#include "base/log.hpp"
#include "store/audit.hpp"
#include "store/migrations.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace app {
namespace {

/// The key file belongs to the database: a new one is made with a new database only, and one of
/// another database is refused.
base::Result<std::string> audit_key(const Config& config, const std::string& url) {
    auto session = store::Session::open({.url = url});
    if (!session) return std::unexpected(session.error());
    const auto migrated = store::migrate(**session);
    if (!migrated) return std::unexpected(migrated.error());
    if (migrated->from != migrated->to)
        base::log::info("store.migrated", {{"from", migrated->from}, {"to", migrated->to}});
    const auto begun = store::audit_begun(**session);
    if (!begun) return std::unexpected(begun.error());
    if (auto made = *begun ? base::Result<void>() : make_data_dir(config); !made)
        return std::unexpected(made.error());
    const auto secrets =
        *begun ? Secrets::open(config.data_dir) : Secrets::open_or_make(config.data_dir);
    if (secrets) return secrets->key("audit");
    // A command on another machine reads without it.
    if (secrets.error().fault == base::Fault::not_found) return std::string();
    return std::unexpected(secrets.error());
}

/// Who logged in, as the kernel keeps it through sudo and su; nothing where nobody did. proc(5).
std::optional<uid_t> login_uid() {
    std::ifstream file("/proc/self/loginuid");
    uid_t uid = 0;
    if (!(file >> uid) || uid == static_cast<uid_t>(-1)) return std::nullopt;
    return uid;
}

}  // namespace

base::Result<void> make_data_dir(const Config& config) {
    std::error_code fault;
    const bool made = std::filesystem::create_directories(config.data_dir, fault);
    if (fault)
        return base::fail(base::Fault::unavailable,
                          config.data_dir.string() + ": " + fault.message());
    if (made) ::chmod(config.data_dir.c_str(), 0711);
    return {};
}

base::Result<OpenDatabase> OpenDatabase::open(const Config& config) {
    OpenDatabase database;
    if (config.database_url.empty()) {
        if (auto made = make_data_dir(config); !made) return std::unexpected(made.error());
        store::Cluster::Options options;
        options.folder = std::filesystem::absolute(config.data_dir) / "postgres";
        options.user = config.os_user;
        auto cluster = store::Cluster::open(std::move(options));
        if (!cluster) return std::unexpected(cluster.error());
        database.url_ = cluster->url();
        database.read_url_ = cluster->read_url();
        database.keep_ = cluster->adopted();
        database.cluster_ = std::move(*cluster);
    } else {
        database.url_ = database.read_url_ = config.database_url;
        database.keep_ = true;
    }
    auto key = audit_key(config, database.url_);
    if (!key) return std::unexpected(key.error());
    auto session = store::Session::open({.url = database.url_,
                                         .audit_key = std::move(*key),
                                         .render = webhook_renderer(config.local_url())});
    if (!session) return std::unexpected(session.error());
    database.session_ = std::move(*session);
    if (auto begun = store::begin_audit(*database.session_); !begun)
        return std::unexpected(begun.error());
    return database;
}

OpenDatabase::~OpenDatabase() {
    session_.reset();
    if (!cluster_ || keep_) return;
    if (auto stopped = cluster_->stop(); !stopped) {
        base::log::warn("store.not_stopped", {{"reason", stopped.error().reason}});
    }
}

base::Result<void> OpenDatabase::revive() {
    if (!cluster_) return {};
    if (auto done = cluster_->revive(); !done) return std::unexpected(done.error());
    return {};
}

std::string actor() {
    const uid_t user = login_uid().value_or(::geteuid());
    if (const auto* entry = ::getpwuid(user)) return entry->pw_name;
    return "uid " + std::to_string(user);
}

}  // namespace app
