#pragma once

#include "api/ask.hpp"
#include "presence/leak_report.hpp"
#include "registry/rows.hpp"
#include "store/session.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace api {

/// Takes one report: finds keys of ours in it, marks them as public and asks about each. Lends the
/// tokens, so it lives no longer than they do. For one thread.
class LeakTaker {
public:
    LeakTaker(store::Session& session, const Answering& answering, std::string reporter,
              base::WallTime now)
        : session_(session), answering_(answering), reporter_(std::move(reporter)), now_(now) {}

    /// Looks each token up, and says of each that can be judged whether it is ours.
    base::Result<void> look_up(std::vector<presence::FoundToken>& tokens);
    /// Marks the keys as public, and says how many rows that added.
    base::Result<std::size_t> record(std::string_view details, std::string_view key_identifier);
    /// Asks about each key, unless it was asked for the same report. All are tried before the
    /// first failure is returned.
    base::Result<std::size_t> ask_about_each();

    [[nodiscard]] std::size_t keys() const noexcept { return found_.size(); }

private:
    /// A key of ours, by its text.
    struct Found {
        std::vector<std::string> keys;    // uids
        std::vector<std::string> hashes;  // ids of calls whose records held the key itself
        std::vector<std::string> places;  // of this report
    };
    void add(std::vector<registry::Leak>& leaks, const Found& found, const std::string& key,
             const std::string& place) const;
    base::Result<bool> ask_about(std::string_view token, const Found& found);

    store::Session& session_;
    const Answering& answering_;
    std::string reporter_;
    base::WallTime now_;
    std::map<std::string_view, Found> found_;  // by text
};

}  // namespace api
