#include "app/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace app {

using std::chrono::steady_clock;

ProgressMode progress_mode(std::string_view text) {
    if (text == "never") return ProgressMode::never;
    if (text == "always") return ProgressMode::rewriting;
    return ::isatty(STDERR_FILENO) ? ProgressMode::rewriting : ProgressMode::line;
}

void Progress::show(std::uint64_t records, std::uint64_t bytes, const std::string& counts) {
    records_ += records;
    bytes_ += bytes;
    const std::chrono::milliseconds every(mode_ == ProgressMode::line ? 10'000 : 200);
    if (mode_ == ProgressMode::never || steady_clock::now() - shown_ < every) return;
    shown_ = steady_clock::now();
    print(counts);
}

void Progress::finish(const std::string& counts) {
    if (mode_ == ProgressMode::never) return;
    print(counts);
    if (mode_ == ProgressMode::rewriting) std::fputc('\n', stderr);
}

void Progress::print(const std::string& counts) {
    const double seconds =
        std::max(std::chrono::duration<double>(steady_clock::now() - started_).count(), 1e-3);
    const bool rewrites = mode_ == ProgressMode::rewriting;
    std::fprintf(stderr, "%s%s  %.0f records/s  %.1f MB/s%s", rewrites ? "\r\x1b[K" : "",
                 counts.c_str(), static_cast<double>(records_) / seconds,
                 static_cast<double>(bytes_) / 1e6 / seconds, rewrites ? "" : "\n");
}

}  // namespace app
