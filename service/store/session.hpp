#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "store/effects.hpp"
#include "store/reserve.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// PostgreSQL: every statement we run, and nothing else. Calls block, so they run on their edge's
/// own small pool. One Session is one connection, used by one thread at a time; the classes beside
/// it (Outbox, Alerts, Endpoints, Tokens, RegistryTable ...) borrow one.
namespace store {

class Connection;  // connection.hpp, the world of libpqxx; not for other folders

/// How far a partition of a source is committed (reliability.md 4.3).
struct Position {
    std::int64_t epoch = 0;             ///< Grows with each claim; an older one commits nothing.
    std::uint64_t next_offset = 0;      ///< C: the first journal LSN whose effects are not stored.
    std::uint64_t snapshot_offset = 0;  ///< S: the window state's place; never above C.
    base::EventTime watermark = base::EventTime::min();  ///< min(): none yet.
    std::string policy_rev;
};

/// What a batch transaction did.
struct Committed {
    std::size_t opened = 0;      ///< Alerts that are new.
    std::size_t deliveries = 0;  ///< Outbox rows written.
    std::size_t set_aside = 0;   ///< Rows the database refused, now dead letters with the reason.
    bool was_in_doubt = false;   ///< COMMIT's answer was lost and has been resolved.
};

class Session {
public:
    struct Options {
        std::string url;  ///< postgresql://... or "host=... dbname=...".
        std::string application_name = "callerprint";
        std::chrono::milliseconds connect_timeout{10'000};    ///< 1 s to 5 min.
        std::chrono::milliseconds statement_timeout{60'000};  ///< 0: none.
        std::chrono::milliseconds lock_timeout{5'000};
        std::chrono::milliseconds idle_in_transaction_timeout{60'000};
        std::chrono::milliseconds commit_patience{30'000};  ///< How long commit() resolves a lost
                                                            ///< answer before it gives up.
        /// For the chain of the audit; a session without one writes nothing that is audited.
        std::string audit_key;
        Renderer render;  ///< Bodies of webhooks; compulsory where alerts are opened or changed.
        Reserve reserve;  ///< Left free by commit() and Merge.
    };

    /// Connects. Fault::invalid for options and refused credentials, Fault::unavailable when the
    /// server is away.
    static base::Result<std::unique_ptr<Session>> open(Options options);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Takes the partition over: the epoch grows, so whoever had it commits nothing any more. Waits
    /// for an open batch of the old owner (its row lock), at most the lock time-out. A partition
    /// never seen starts at offset `first`.
    base::Result<Position> claim(std::string_view source, int partition, std::string_view owner,
                                 std::uint64_t first = 1);
    /// Reads without taking over. Fault::not_found when nobody ever claimed it.
    base::Result<Position> position(std::string_view source, int partition);

    /// The parts of the window state saved at Position::snapshot_offset; no parts when there is
    /// none.
    base::Result<std::vector<std::string>> window_state(std::string_view source, int partition);

    /// The batch transaction (reliability.md 4.4): all effects or none, exactly once. An unknown
    /// COMMIT is resolved by asking the position; a row the database refuses for its data (SQLSTATE
    /// 22xxx, 23xxx) is set aside as a dead letter and the rest commits.
    /// Fault::conflict when the epoch or the offset is not ours any more (drop state, claim again);
    /// Fault::unavailable and Fault::exhausted (no room above the reserve, too): call again with
    /// the same effects.
    base::Result<Committed> commit(const Effects& effects);

    [[nodiscard]] Connection& connection() noexcept { return *connection_; }
    [[nodiscard]] const Options& options() const noexcept { return options_; }

private:
    Session(Options options, std::unique_ptr<Connection> connection);
    Options options_;
    std::unique_ptr<Connection> connection_;
    struct Doubt;
    std::unique_ptr<Doubt> doubt_;  // the batch whose COMMIT was not answered
};

}  // namespace store
