#include "metrics/process.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>

namespace metrics {
namespace {

void add(std::vector<prometheus::MetricFamily>& families, std::string name, std::string help,
         prometheus::MetricType type, double value) {
    prometheus::ClientMetric metric;
    if (type == prometheus::MetricType::Counter) {
        metric.counter.value = value;
    } else {
        metric.gauge.value = value;
    }
    families.push_back({std::move(name), std::move(help), type, {std::move(metric)}});
}

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

struct Memory {
    double virtual_bytes = 0;
    double resident_bytes = 0;
};

std::optional<Memory> memory() {
    std::ifstream file("/proc/self/statm");
    double pages = 0;
    double resident = 0;
    if (!(file >> pages >> resident)) return std::nullopt;
    const auto page_size = static_cast<double>(sysconf(_SC_PAGESIZE));
    return Memory{pages * page_size, resident * page_size};
}

std::optional<double> open_descriptors() {
    std::error_code error;
    std::filesystem::directory_iterator entries("/proc/self/fd", error);
    double count = 0;
    while (!error && entries != std::filesystem::directory_iterator()) {
        ++count;
        entries.increment(error);
    }
    if (error) return std::nullopt;
    return count - 1;  // the one that lists the others
}

}  // namespace

Process::Process()
    : start_seconds_(
          std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
              .count()) {}

void Process::append(std::vector<prometheus::MetricFamily>& families) const {
    using enum prometheus::MetricType;
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        add(families, "process_cpu_seconds_total", "Processor time spent, user and system.",
            Counter, seconds(usage.ru_utime) + seconds(usage.ru_stime));
    }
    if (const auto used = memory()) {
        add(families, "process_resident_memory_bytes", "Memory held in RAM.", Gauge,
            used->resident_bytes);
        add(families, "process_virtual_memory_bytes", "Address space.", Gauge, used->virtual_bytes);
    }
    if (const auto open = open_descriptors()) {
        add(families, "process_open_fds", "Open file descriptors.", Gauge, *open);
    }
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        add(families, "process_max_fds", "Most file descriptors that may be open.", Gauge,
            static_cast<double>(limit.rlim_cur));
    }
    add(families, "process_start_time_seconds", "When the process started, since 1970.", Gauge,
        start_seconds_);
}

}  // namespace metrics
