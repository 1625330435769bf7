#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

/// What the person on call can watch: counters, gauges and histograms, and the page that shows them
/// in the text format that Prometheus reads.
namespace metrics {

/// A label's name and value. Values come from closed lists of ours: never a tenant, key, address,
/// title or anything else a stranger chooses.
using Label = std::pair<std::string_view, std::string_view>;
using Labels = std::initializer_list<Label>;

/// A number that only grows. A handle of one pointer, as are the two below: copy it, keep it as
/// long as its Registry lives, use it from any thread. One made by default counts nowhere.
class Counter {
public:
    Counter() noexcept = default;
    explicit Counter(prometheus::Counter& series) noexcept : series_(&series) {}
    /// `amount` is not negative.
    void add(double amount = 1) const noexcept;
    [[nodiscard]] double value() const noexcept;

private:
    prometheus::Counter* series_ = nullptr;
};

/// A number that goes up and down.
class Gauge {
public:
    Gauge() noexcept = default;
    explicit Gauge(prometheus::Gauge& series) noexcept : series_(&series) {}
    void set(double value) const noexcept;
    void add(double amount = 1) const noexcept;
    void subtract(double amount = 1) const noexcept;
    [[nodiscard]] double value() const noexcept;

private:
    prometheus::Gauge* series_ = nullptr;
};

/// How observed values spread over buckets. Costs a lock, so observe batches and requests, not
/// records.
class Histogram {
public:
    Histogram() noexcept = default;
    explicit Histogram(prometheus::Histogram& series) noexcept : series_(&series) {}
    void observe(double value) const noexcept;

private:
    prometheus::Histogram* series_ = nullptr;
};

/// Upper bounds in seconds that suit the latency of a request: 0.5 ms to 30 s.
[[nodiscard]] std::span<const double> latency_seconds() noexcept;

/// Owns every series of the process. Thread-safe. Asking again for the same name and labels gives
/// the same series; look a series up once and keep the handle.
///
/// Names are `callerprint_<what>_<unit>` in base units; a counter's ends in `_total`. A wrong name
/// is a bug and aborts. A family that reached `max_series` gives handles that count nowhere and
/// says so in `callerprint_metrics_refused_series_total`.
class Registry {
public:
    static constexpr std::size_t max_series = 2'000;  ///< Series a family.

    Registry();
    ~Registry();
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    /// `help` is one sentence for the page; the first one given for a name stays.
    [[nodiscard]] Counter counter(std::string_view name, std::string_view help, Labels labels = {});
    [[nodiscard]] Gauge gauge(std::string_view name, std::string_view help, Labels labels = {});
    /// `bounds` ascend strictly; the bucket of all others is implied.
    [[nodiscard]] Histogram histogram(std::string_view name, std::string_view help,
                                      std::span<const double> bounds, Labels labels = {});

    // The same for labels put together at run time.
    [[nodiscard]] Counter counter(std::string_view name, std::string_view help,
                                  std::span<const Label> labels);
    [[nodiscard]] Gauge gauge(std::string_view name, std::string_view help,
                              std::span<const Label> labels);
    [[nodiscard]] Histogram histogram(std::string_view name, std::string_view help,
                                      std::span<const double> bounds,
                                      std::span<const Label> labels);

    /// Runs before each page is made, on the thread that asked for it: to set gauges that are read
    /// rather than kept. Must neither block nor call back into this Registry's page().
    void before_page(std::function<void()> refresh);

    /// Sets `callerprint_build_info` to 1 under these labels.
    void build_info(std::string_view version, std::string_view revision, std::string_view compiler,
                    std::string_view db_schema);

    /// All series and the process's own (memory, processor, descriptors, start time) in the text
    /// exposition format 0.0.4.
    [[nodiscard]] std::string page();

    /// The Content-Type that goes with page().
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace metrics
