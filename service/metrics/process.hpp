#pragma once

#include <vector>

namespace prometheus {
struct MetricFamily;
}

namespace metrics {

/// The series that every Prometheus client shows of its own process, under their usual names
/// (`process_resident_memory_bytes`, `process_open_fds` ...), read from /proc/self. What cannot be
/// read is left out.
class Process {
public:
    Process();
    void append(std::vector<prometheus::MetricFamily>& families) const;

private:
    double start_seconds_ = 0;  ///< Since 1970; 0 when unknown.
};

}  // namespace metrics
