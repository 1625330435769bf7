#pragma once

#include "alert/alert.hpp"
#include "base/result.hpp"
#include "correlate/codec.hpp"
#include "correlate/firing.hpp"
#include "policy/set.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace alert {

/// Makes firings into alerts: one for a policy and subject in each quiet time.
///
/// The first firing opens an alert; those less than the quiet time after its opening update it; the
/// next one opens another. The firings must come in the order of correlate::before, but for those
/// of late calls, which may come at any time: they join the alert whose opening is less than a
/// quiet time away, before or after, else they open one at their own time. One thread.
class Grouper {
public:
    struct Options {
        /// For policies that state no `quiet`. 1 s to 30 days.
        std::chrono::microseconds quiet = std::chrono::hours{24};
        /// Alerts remembered as open to updates, at least 16. Beyond, the ones opened first are
        /// forgotten, and counted: their next firing opens a new alert.
        std::size_t remembered = 1'000'000;
    };
    struct Stats {
        std::uint64_t opened = 0;
        std::uint64_t updated = 0;
        std::uint64_t remembered = 0;  ///< Gauge.
        std::uint64_t forgotten = 0;   ///< Before their quiet time was over, at the cap.
    };

    Grouper(std::shared_ptr<const policy::Set> set, Options options);
    ~Grouper();
    Grouper(Grouper&&) noexcept;
    Grouper& operator=(Grouper&&) noexcept;

    /// Appends what the firing does. A repeat whose alert is no longer remembered does nothing.
    void apply(const correlate::Firing& firing, std::vector<Change>& out);

    /// Goes on under another set; alerts of policies it still has, by Policy::key, stay open.
    void use(std::shared_ptr<const policy::Set> set);

    /// Forgets the alerts of tenants and about subjects of which `names` is true: none is updated
    /// any more.
    void forget(const std::function<bool(std::string_view)>& names);

    [[nodiscard]] Stats stats() const noexcept;

    /// What is remembered; with a version.
    void save(correlate::Writer& out) const;
    /// Reads to the end of what was saved, no further. Fails with Fault::invalid and changes
    /// nothing when that is cut or of another version.
    base::Result<void> restore(correlate::Reader& in);

private:
    class State;
    std::unique_ptr<State> state_;
};

/// Who a firing is about, by its policy's `subject` and its group.
[[nodiscard]] Subject subject_of(const policy::Set& set, const correlate::Firing& firing);

/// The first 128 bits, in base32, of SHA-256 over the length-prefixed tuple (tenant, policy key,
/// series, detection kind, subject kind, subject, opening time in microseconds);
/// reliability.md 4.3.
[[nodiscard]] std::string alert_id(std::string_view tenant, const policy::Policy& policy,
                                   std::string_view detection, const Subject& subject,
                                   base::EventTime opened);

}  // namespace alert
