#include "ingest/quota.hpp"

#include <algorithm>
#include <cmath>

namespace ingest {
namespace {

constexpr std::chrono::seconds window{1};  // of the FailureGate

double seconds(std::chrono::steady_clock::duration span) {
    return std::chrono::duration<double>(span).count();
}

Quota::Standing standing(double left, std::uint64_t per_second, std::chrono::seconds burst) {
    if (per_second == 0) return {};
    Quota::Standing out;
    out.most = per_second * static_cast<std::uint64_t>(burst.count());
    if (left >= 1) {
        out.left = static_cast<std::uint64_t>(left);
    } else {  // until a whole one is there
        const double owed = (1 - left) / static_cast<double>(per_second);
        out.wait = std::chrono::seconds(static_cast<std::int64_t>(std::ceil(owed)));
    }
    return out;
}

}  // namespace

Quota::Bucket& Quota::filled(std::string_view client, Steady now) {
    const double most_records =
        static_cast<double>(options_.records_per_second) * seconds(options_.burst);
    const double most_bytes =
        static_cast<double>(options_.bytes_per_second) * seconds(options_.burst);
    auto found = buckets_.find(client);
    if (found == buckets_.end())
        found = buckets_.emplace(client, Bucket{most_records, most_bytes, now}).first;
    Bucket& bucket = found->second;
    const double passed = seconds(std::max(now, bucket.at) - bucket.at);
    bucket.records = std::min(
        most_records, bucket.records + passed * static_cast<double>(options_.records_per_second));
    bucket.bytes = std::min(most_bytes,
                            bucket.bytes + passed * static_cast<double>(options_.bytes_per_second));
    bucket.at = std::max(now, bucket.at);
    return bucket;
}

Quota::Standings Quota::standings(std::string_view client, Steady now) {
    const std::lock_guard lock(mutex_);
    const Bucket& bucket = filled(client, now);
    return {standing(bucket.records, options_.records_per_second, options_.burst),
            standing(bucket.bytes, options_.bytes_per_second, options_.burst), options_.burst};
}

void Quota::spend(std::string_view client, std::uint64_t records, std::uint64_t bytes, Steady now) {
    const std::lock_guard lock(mutex_);
    Bucket& bucket = filled(client, now);
    bucket.records -= static_cast<double>(records);
    bucket.bytes -= static_cast<double>(bytes);
}

bool FailureGate::open(std::string_view address, Steady now) {
    const std::lock_guard lock(mutex_);
    const auto found = by_address_.find(std::string(address));
    if (found == by_address_.end() || now - found->second.since >= window) return true;
    return found->second.count < most_;
}

void FailureGate::fail(std::string_view address, Steady now) {
    const std::lock_guard lock(mutex_);
    if (by_address_.size() >= max_addresses)
        std::erase_if(by_address_,
                      [&](const auto& one) { return now - one.second.since >= window; });
    if (by_address_.size() >= max_addresses) by_address_.clear();
    Failures& failures =
        by_address_.try_emplace(std::string(address), Failures{0, now}).first->second;
    if (now - failures.since >= window) failures = {0, now};
    ++failures.count;
}

}  // namespace ingest
