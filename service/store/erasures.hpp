#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "erase/subjects.hpp"
#include "store/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// A request that a person's data be erased. `values` are there while it is open.
struct Erasure {
    std::string id;
    base::WallTime requested;
    std::string requested_by;
    std::string reason;
    std::vector<std::string> values;
    std::uint64_t rows_found = 0;
    std::optional<base::WallTime> approved;
    std::string approved_by;
    std::optional<base::WallTime> withdrawn;
    std::string withdrawn_by;
    std::optional<base::WallTime> done;
    std::uint64_t journal_end = 0;
    std::string result_json;  ///< Empty until it is done.

    /// "requested", "approved", "withdrawn" or "done".
    [[nodiscard]] std::string_view state() const noexcept;
};

/// Requests for erasure, by people; the server does what is approved (app::Eraser).
class Erasures {
public:
    /// Not yet done or withdrawn at a time: a person on the way out can be asked to wait.
    static constexpr std::size_t most_open = 100;
    static constexpr std::size_t most_reason_bytes = 1'000;

    explicit Erasures(Session& session) : session_(session) {}

    /// Asks for an erasure, and counts the rows that name the person. Fault::invalid for values
    /// that are none (erase::Subjects) or no reason, Fault::exhausted above `most_open`.
    base::Result<Erasure> request(const std::vector<std::string>& values, std::string_view reason,
                                  std::string_view by);
    /// By another one than asked: Fault::conflict. Fault::not_found for an id that is none,
    /// Fault::conflict when it is not open any more. Approving twice changes nothing.
    base::Result<Erasure> approve(std::string_view id, std::string_view by);
    /// By anybody who may. Fault::conflict once it is done. What is being erased just now may be
    /// erased all the same.
    base::Result<Erasure> withdraw(std::string_view id, std::string_view by);

    base::Result<Erasure> show(std::string_view id);
    /// The newest first, 1,000 at most.
    base::Result<std::vector<Erasure>> list();

    /// The oldest that is approved and not done.
    base::Result<std::optional<Erasure>> next();
    /// Notes that nothing is left, and lets go of the values; in the audit under who approved.
    base::Result<void> finish(const Erasure& erasure, std::uint64_t journal_end,
                              std::string_view result_json);

private:
    Session& session_;
};

}  // namespace store
