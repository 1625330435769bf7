#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// The world of libpqxx 6.4: only files of this folder include it. Exceptions end here.
namespace store {

/// Parameters of a statement. libpqxx 6.4 has no optionals and takes text for everything.
class Params {
public:
    /// Text that PostgreSQL can hold: NUL and invalid UTF-8 become U+FFFD.
    Params& text(std::string_view value);
    Params& integer(std::int64_t value);
    Params& boolean(bool value);
    Params& bytes(std::string_view value);
    Params& texts(const std::vector<std::string>& values);
    Params& null();
    /// As microseconds, for callerprint.at(); the clock's min() becomes NULL.
    Params& time(base::EventTime value);
    Params& time(base::WallTime value);
    template <class Time>
    Params& time(const std::optional<Time>& value) {
        return value ? time(*value) : null();
    }
    /// The number of the last one: its place in a statement.
    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
    /// Valid while this object stands unchanged.
    [[nodiscard]] std::vector<const char*> values() const;

private:
    Params& keep(std::string value);
    std::vector<std::optional<std::string>> values_;
};

/// Runs a statement with parameters.
pqxx::result run(pqxx::transaction_base& tx, const char* sql, const Params& params = {});

/// Elements of a text[] or cidr[] as PostgreSQL prints it, without nested arrays.
std::vector<std::string> elements(const pqxx::field& field);
/// Bytes of a bytea.
std::string bytes_of(const pqxx::field& field);
base::WallTime wall_time_of(const pqxx::field& micros);
std::optional<base::WallTime> maybe_wall_time(const pqxx::field& micros);
std::optional<base::EventTime> maybe_event_time(const pqxx::field& micros);

/// What an exception of libpqxx means, as a value; `what` names what we were doing.
base::Error error_of(const std::exception& thrown, std::string_view what);
/// SQLSTATE of the exception; empty when it has none.
std::string sqlstate_of(const std::exception& thrown);
/// The rows are at fault, not the moment: classes 22 and 23, an index entry that is too long
/// (54000), two rows that became the same one (21000).
bool is_data_fault(std::string_view sqlstate) noexcept;
bool is_lost(const std::exception& thrown) noexcept;

struct ConnectionOptions {
    std::string url;
    std::string application_name = "callerprint";
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds statement_timeout{60'000};
    std::chrono::milliseconds lock_timeout{5'000};
    std::chrono::milliseconds idle_in_transaction_timeout{60'000};
};

/// Who a server process is, so that an old one of ours can be ended and nobody else's.
struct Backend {
    std::int64_t pid = 0;
    std::string started;
};

/// One connection to the server, made again by us when it is lost: libpqxx would do so silently and
/// forget settings, prepared statements and temporary tables.
class Connection {
public:
    static base::Result<std::unique_ptr<Connection>> open(ConnectionOptions options);

    /// Connects when there is no connection. Resets what was prepared on the old one.
    base::Result<void> ensure();
    void drop() noexcept;

    /// Work in one transaction, committed when it returns a value and rolled back when it returns
    /// an error or throws. `Work` takes a pqxx::work& and returns a base::Result.
    template <class Work>
    auto transaction(std::string_view what, Work&& work) {
        return in_transaction(what, work, true);
    }
    /// The same, rolled back in any case: for questions that take locks.
    template <class Work>
    auto look(std::string_view what, Work&& work) {
        return in_transaction(what, work, false);
    }

    [[nodiscard]] pqxx::connection& raw() noexcept { return *connection_; }
    [[nodiscard]] const Backend& backend() const noexcept { return backend_; }
    /// True the first time it is asked on a connection: then prepare, or make the temporary table.
    bool first_use(const std::string& name) { return used_.insert(name).second; }
    /// Forgets that something was made, because its transaction was rolled back.
    void forget_uses() { used_.clear(); }
    /// Weekly partitions that this process has seen to exist. One that retention drops meanwhile
    /// costs nothing but that its rows go to the default partition.
    [[nodiscard]] bool knows_partition(const std::string& parent, std::int64_t monday) const {
        return partitions_.contains({parent, monday});
    }
    void partition_made(const std::string& parent, std::int64_t monday) {
        partitions_.insert({parent, monday});
    }
    void partition_dropped(const std::string& parent, std::int64_t monday) {
        partitions_.erase({parent, monday});
    }

private:
    explicit Connection(ConnectionOptions options) : options_(std::move(options)) {}
    template <class Work>
    auto in_transaction(std::string_view what, Work& work, bool keep)
        -> std::invoke_result_t<Work&, pqxx::work&> {
        if (auto there = ensure(); !there) return std::unexpected(there.error());
        try {
            pqxx::work tx(*connection_);
            auto result = work(tx);
            if (result && keep) tx.commit();
            return result;
        } catch (const std::exception& thrown) {
            const bool lost = is_lost(thrown) || !connection_->is_open();
            auto error = error_of(thrown, what);
            if (lost) drop();
            return std::unexpected(std::move(error));
        }
    }

    ConnectionOptions options_;
    std::unique_ptr<pqxx::connection> connection_;
    Backend backend_;
    std::set<std::string> used_;
    std::set<std::pair<std::string, std::int64_t>> partitions_;
};

/// True when the server answers there.
bool can_connect(const std::string& url, std::chrono::seconds timeout);
/// Makes the database unless it is there. The name is ours, not input.
base::Result<void> create_database(const std::string& url, const std::string& name);
/// The connection string with one more parameter, in either of libpq's two forms; one that it has
/// already is left alone.
std::string with_parameter(std::string url, std::string_view name, std::string_view value);

}  // namespace store
