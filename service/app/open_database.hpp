#pragma once

#include "app/config.hpp"
#include "app/secrets.hpp"
#include "base/result.hpp"
#include "store/cluster.hpp"
#include "store/session.hpp"

#include <memory>
#include <optional>
#include <string>

namespace app {

/// The database of the configuration with its schema at head: the embedded cluster, adopted or
/// started, or the one at database.url.
class OpenDatabase {
public:
    static base::Result<OpenDatabase> open(const Config& config);
    OpenDatabase(OpenDatabase&& other) noexcept = default;
    OpenDatabase& operator=(OpenDatabase&& other) noexcept = default;
    /// Stops the embedded cluster if this one started or owns it.
    ~OpenDatabase();

    /// Stops the embedded cluster at the end even if it ran already: whoever serves owns it.
    void own() noexcept { keep_ = false; }

    /// Starts the embedded cluster again when it has gone; a database of the operator's is theirs.
    base::Result<void> revive();

    [[nodiscard]] const std::string& url() const noexcept { return url_; }
    [[nodiscard]] const std::string& read_url() const noexcept { return read_url_; }
    [[nodiscard]] store::Session& session() noexcept { return *session_; }

private:
    OpenDatabase() = default;
    std::optional<store::Cluster> cluster_;
    bool keep_ = false;
    std::string url_;
    std::string read_url_;
    std::unique_ptr<store::Session> session_;
};

/// Makes data_dir with mode 0711 when it is not there: others pass through to the socket, and list
/// nothing.
base::Result<void> make_data_dir(const Config& config);

/// Who runs a command, for the audit: the name they logged in with, through sudo, too.
std::string actor();

}  // namespace app
