#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// What an investigator's statement returned.
struct Table {
    enum class Kind : unsigned char { text, number, boolean, json };  ///< How to write it as JSON.
    struct Column {
        std::string name;
        std::string type;  ///< As PostgreSQL names it: "timestamp with time zone".
        Kind kind = Kind::text;
    };
    std::vector<Column> columns;
    std::vector<std::vector<std::optional<std::string>>> rows;  ///< Nothing: NULL.
    bool truncated = false;  ///< There were more rows, or more bytes, than the limits allow.
    std::chrono::milliseconds took{0};
};

/// A column of a view in schema investigate, for `sql --describe` and completion.
struct Described {
    std::string view;
    std::string view_comment;
    std::string column;
    std::string type;
    std::string comment;
};

/// Runs statements that people wrote, on schema investigate, as role callerprint_read: one
/// statement a run, in a read-only transaction, with time-outs and caps. Every run has a connection
/// of its own, so nothing (a setting, an advisory lock) is carried from one to the next.
class ReadOnly {
public:
    struct Options {
        std::string url;  ///< Log in as callerprint_read where possible (Cluster::read_url).
                          ///< Another user is switched with SET ROLE.
        std::chrono::milliseconds statement_timeout{15'000};  ///< For the whole run.
        std::chrono::milliseconds lock_timeout{1'000};
        std::size_t max_rows = 10'000;
        std::size_t max_bytes = 64 * 1024 * 1024;  ///< Of values.
        /// Called with rows as they come instead of keeping them; then max_rows does not count.
        std::function<bool(const std::vector<Table::Column>&,
                           const std::vector<std::optional<std::string>>&)>
            on_row;
    };

    explicit ReadOnly(Options options) : options_(std::move(options)) {}

    /// Fault::invalid with the server's message for a wrong statement, Fault::unauthorised for one
    /// the role may not run, Fault::exhausted when it took too long or was cancelled by `stop`
    /// (which cancels in the server, from any thread).
    base::Result<Table> run(std::string_view sql, const std::vector<std::string>& parameters = {},
                            std::stop_token stop = {}) const;

    /// All columns of all views, in the order of the reference page.
    base::Result<std::vector<Described>> describe() const;

private:
    Options options_;
};

}  // namespace store
