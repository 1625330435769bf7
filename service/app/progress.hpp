#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace app {

enum class ProgressMode { never, line, rewriting };

/// `always` rewrites one line, `never` is silent, `auto` rewrites on a terminal and otherwise
/// writes a line every 10 seconds.
ProgressMode progress_mode(std::string_view text);

/// How far a long command is, on stderr: counts, records a second, megabytes a second.
class Progress {
public:
    explicit Progress(ProgressMode mode) : mode_(mode) {}

    /// Adds what was done since the last call and shows it when it is time.
    void show(std::uint64_t records, std::uint64_t bytes, const std::string& counts);
    /// The last line, whatever the time.
    void finish(const std::string& counts);

private:
    void print(const std::string& counts);

    ProgressMode mode_;
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point shown_ = started_;
    std::uint64_t records_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace app
