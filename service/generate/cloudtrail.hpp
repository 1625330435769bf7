#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "generate/random.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace generate {

/// Records in the shape of AWS CloudTrail for measurements: about 840 bytes each with varied values
/// (keys and addresses by Zipf's law, 18 services, some 430 operations, 14 user agents, 6 %
/// errors).
///
/// Records come in ascending time. Owned and used by one thread; reads no clock, file or socket.
class CloudTrail {
public:
    struct Options {
        std::uint64_t seed = 1;
        std::uint64_t calls = 1'000'000;                                  ///< 1 to 10'000'000'000.
        std::uint64_t keys = 10'000;                                      ///< 1 to 10'000'000.
        std::uint64_t addresses = 20'000;                                 ///< 1 to 10'000'000.
        base::EventTime start = base::event_time(1'740'960'000'000'000);  ///< 2025-03-03, a Monday.
        std::chrono::seconds duration = std::chrono::hours{24};           ///< 1 s to 60 days.
    };

    /// Fails with Fault::invalid, naming the option and its range.
    static base::Result<std::unique_ptr<CloudTrail>> make(Options options);

    /// The next record, without newline; `line` is replaced. False when all are out.
    [[nodiscard]] bool next(std::string& line);

private:
    explicit CloudTrail(Options options);

    Options options_;
    Random random_;
    std::vector<std::uint64_t> key_totals_;
    std::vector<std::uint64_t> address_totals_;
    std::vector<std::uint64_t> operation_totals_;
    std::uint64_t made_ = 0;
};

}  // namespace generate
