#pragma once

#include "base/result.hpp"

#include <sys/types.h>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace store {

/// Our own PostgreSQL: made with initdb in the data folder, reached through a Unix socket only, run
/// by an unprivileged user. It outlives this process on purpose (a crash of ours must not cost the
/// database a recovery), so `open` adopts one that still runs and never starts a second.
///
/// Used by one thread; blocking. The same code path as a database given by URL: only `url` matters
/// once it is open.
class Cluster {
public:
    struct Options {
        std::filesystem::path folder;         ///< Holds data/, run/ and log/. Absolute.
        std::filesystem::path socket_folder;  ///< Empty: folder/run. With "/.s.PGSQL.5432" at most
                                              ///< 107 bytes.
        std::string user = "callerprint";     ///< Runs PostgreSQL when we are root; `postgres`
                                              ///< stands in when there is no such user.
        std::filesystem::path binaries;       ///< Folder of initdb and pg_ctl. Empty: looked for.
        unsigned shared_buffers_mb = 0;       ///< 0: 128, less on machines below 1 GB.
        bool durable = true;                  ///< False switches fsync off: for tests only.
        std::chrono::seconds start_timeout{60};
    };

    /// Makes the cluster when there is none, adopts it when it runs, else starts it and waits until
    /// it answers. Fault::invalid for options, a socket path that is too long, missing programs
    /// (the reason names the package) or data of another major version; Fault::unavailable when it
    /// does not start (the reason ends with the server's last words).
    static base::Result<Cluster> open(Options options);

    /// Fast stop: sessions are ended, everything is written. Nothing to do when it is stopped.
    base::Result<void> stop();

    /// Starts it again when it was killed or crashed while we run; true when it had to. Nothing to
    /// do while there is a postmaster: that one recovers from the end of its sessions by itself.
    base::Result<bool> revive();

    /// Connection string of the database for role `callerprint`, owner of everything.
    [[nodiscard]] const std::string& url() const noexcept { return url_; }
    /// The same database for the role `callerprint_read`, which sees schema investigate only.
    [[nodiscard]] const std::string& read_url() const noexcept { return read_url_; }
    /// True when it was running already.
    [[nodiscard]] bool adopted() const noexcept { return adopted_; }
    /// Process id of the postmaster, from postmaster.pid; 0 when it does not run.
    [[nodiscard]] pid_t postmaster() const;

private:
    explicit Cluster(Options options);
    base::Result<void> find_binaries();
    base::Result<void> find_user();
    base::Result<void> make_folders();
    base::Result<void> init();
    base::Result<void> configure();
    base::Result<void> start();
    base::Result<void> make_database();
    [[nodiscard]] bool answers() const;
    [[nodiscard]] std::string last_words() const;

    Options options_;
    std::filesystem::path data_;
    std::string os_user_;  // who runs PostgreSQL
    uid_t uid_ = 0;
    gid_t gid_ = 0;
    std::string url_;
    std::string read_url_;
    bool adopted_ = false;
};

}  // namespace store
