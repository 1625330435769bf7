#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ingest {

/// A client's rate of records and bytes as two token buckets, each of `burst` seconds' worth.
/// Thread-safe.
class Quota {
public:
    using Steady = std::chrono::steady_clock::time_point;
    struct Options {
        std::uint64_t records_per_second = 0;  ///< 0: as many as it likes.
        std::uint64_t bytes_per_second = 0;    ///< 0: as many as it likes.
        std::chrono::seconds burst{1};         ///< At least 1.
    };
    explicit Quota(Options options) : options_(options) {}

    /// How a client stands under one of the two limits.
    struct Standing {
        std::uint64_t most = 0;        ///< What the bucket holds; 0: there is no such limit.
        std::uint64_t left = 0;        ///< Of it; 0 also when the client owes.
        std::chrono::seconds wait{0};  ///< Until anything is left again; 0: there is.
    };
    struct Standings {
        Standing records, bytes;
        std::chrono::seconds window{1};  ///< In which an idle client's bucket fills: the burst.

        /// False while the client must wait.
        [[nodiscard]] bool open() const noexcept { return wait().count() == 0; }
        [[nodiscard]] std::chrono::seconds wait() const noexcept {
            return std::max(records.wait, bytes.wait);
        }
    };
    /// Asked before a body is read, and for what an answer says.
    [[nodiscard]] Standings standings(std::string_view client, Steady now);
    /// Takes what a batch turned out to hold, below zero if need be: a batch larger than what is
    /// left is taken once and paid for by waiting.
    void spend(std::string_view client, std::uint64_t records, std::uint64_t bytes, Steady now);

private:
    struct Bucket {
        double records = 0;
        double bytes = 0;
        Steady at{};
    };
    Bucket& filled(std::string_view client, Steady now);

    Options options_;
    std::mutex mutex_;
    std::map<std::string, Bucket, std::less<>> buckets_;  // clients are known ones: bounded
};

/// Failed authentications an address within the second that began with the first of them: above the
/// limit, the address is answered 429 without a look at what it sends. Bounded: when full, the
/// oldest go. Thread-safe.
class FailureGate {
public:
    using Steady = std::chrono::steady_clock::time_point;
    explicit FailureGate(std::size_t per_second) : most_(per_second) {}

    [[nodiscard]] bool open(std::string_view address, Steady now);
    void fail(std::string_view address, Steady now);

private:
    static constexpr std::size_t max_addresses = 65'536;
    struct Failures {
        std::size_t count = 0;
        Steady since{};
    };
    std::size_t most_;
    std::mutex mutex_;
    std::unordered_map<std::string, Failures> by_address_;
};

}  // namespace ingest
