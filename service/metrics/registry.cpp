#include "metrics/registry.hpp"

#include "base/assert.hpp"
#include "metrics/process.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <mutex>

namespace metrics {
namespace {

constexpr std::string_view prefix = "callerprint_";

bool lower_snake(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

void check_name(std::string_view name, bool counter) {
    BASE_ASSERT(name.starts_with(prefix) && lower_snake(name));
    BASE_ASSERT(name.ends_with("_total") == counter);
}

prometheus::Labels to_labels(std::span<const Label> labels) {
    prometheus::Labels out;
    for (const auto& [name, value] : labels) {
        BASE_ASSERT(lower_snake(name));
        out.emplace(name, value);
    }
    return out;
}

}  // namespace

void Counter::add(double amount) const noexcept {
    if (series_ != nullptr) series_->Increment(amount);
}

double Counter::value() const noexcept {
    return series_ != nullptr ? series_->Value() : 0;
}

void Gauge::set(double value) const noexcept {
    if (series_ != nullptr) series_->Set(value);
}

void Gauge::add(double amount) const noexcept {
    if (series_ != nullptr) series_->Increment(amount);
}

void Gauge::subtract(double amount) const noexcept {
    if (series_ != nullptr) series_->Decrement(amount);
}

double Gauge::value() const noexcept {
    return series_ != nullptr ? series_->Value() : 0;
}

void Histogram::observe(double value) const noexcept {
    if (series_ != nullptr) series_->Observe(value);
}

std::span<const double> latency_seconds() noexcept {
    static constexpr std::array bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                       0.25,   0.5,   1.0,    2.5,   5.0,  10.0,  30.0};
    return bounds;
}

struct Registry::State {
    prometheus::Registry registry;
    Process process;

    std::mutex mutex;  // for what follows
    std::map<std::string, std::map<prometheus::Labels, bool>, std::less<>> series;
    std::vector<std::function<void()>> refreshers;
    prometheus::Counter* refused = nullptr;

    /// False when the family is full.
    bool admit(std::string_view name, const prometheus::Labels& labels) {
        const std::lock_guard lock(mutex);
        auto& family = series[std::string(name)];
        if (family.contains(labels)) return true;
        if (family.size() >= max_series) return false;
        family.emplace(labels, true);
        return true;
    }
};

Registry::Registry() : state_(std::make_unique<State>()) {
    state_->refused = &prometheus::BuildCounter()
                           .Name("callerprint_metrics_refused_series_total")
                           .Help("Series that were not made because their family is full.")
                           .Register(state_->registry)
                           .Add({});
}

Registry::~Registry() = default;

Counter Registry::counter(std::string_view name, std::string_view help,
                          std::span<const Label> labels) {
    check_name(name, true);
    const auto set = to_labels(labels);
    if (!state_->admit(name, set)) {
        state_->refused->Increment();
        return Counter();
    }
    return Counter(prometheus::BuildCounter()
                       .Name(std::string(name))
                       .Help(std::string(help))
                       .Register(state_->registry)
                       .Add(set));
}

Gauge Registry::gauge(std::string_view name, std::string_view help, std::span<const Label> labels) {
    check_name(name, false);
    const auto set = to_labels(labels);
    if (!state_->admit(name, set)) {
        state_->refused->Increment();
        return Gauge();
    }
    return Gauge(prometheus::BuildGauge()
                     .Name(std::string(name))
                     .Help(std::string(help))
                     .Register(state_->registry)
                     .Add(set));
}

Histogram Registry::histogram(std::string_view name, std::string_view help,
                              std::span<const double> bounds, std::span<const Label> labels) {
    check_name(name, false);
    BASE_ASSERT(std::ranges::is_sorted(bounds, std::ranges::less_equal{}));
    const auto set = to_labels(labels);
    if (!state_->admit(name, set)) {
        state_->refused->Increment();
        return Histogram();
    }
    return Histogram(prometheus::BuildHistogram()
                         .Name(std::string(name))
                         .Help(std::string(help))
                         .Register(state_->registry)
                         .Add(set, std::vector<double>(bounds.begin(), bounds.end())));
}

Counter Registry::counter(std::string_view name, std::string_view help, Labels labels) {
    return counter(name, help, std::span<const Label>(labels.begin(), labels.size()));
}

Gauge Registry::gauge(std::string_view name, std::string_view help, Labels labels) {
    return gauge(name, help, std::span<const Label>(labels.begin(), labels.size()));
}

Histogram Registry::histogram(std::string_view name, std::string_view help,
                              std::span<const double> bounds, Labels labels) {
    return histogram(name, help, bounds, std::span<const Label>(labels.begin(), labels.size()));
}

void Registry::before_page(std::function<void()> refresh) {
    const std::lock_guard lock(state_->mutex);
    state_->refreshers.push_back(std::move(refresh));
}

void Registry::build_info(std::string_view version, std::string_view revision,
                          std::string_view compiler, std::string_view db_schema) {
    gauge("callerprint_build_info", "What was built, from what, with what; always 1.",
          {{"version", version},
           {"revision", revision},
           {"compiler", compiler},
           {"db_schema", db_schema}})
        .set(1);
}

std::string Registry::page() {
    std::vector<std::function<void()>> refreshers;
    {
        const std::lock_guard lock(state_->mutex);
        refreshers = state_->refreshers;  // run unlocked, so that they may ask for series
    }
    for (const auto& refresh : refreshers) refresh();
    auto families = state_->registry.Collect();
    state_->process.append(families);
    // promtool and people read a page more easily in one order.
    std::ranges::sort(families, {}, &prometheus::MetricFamily::name);
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace metrics
