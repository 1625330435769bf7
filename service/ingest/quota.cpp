#include "ingest/quota.hpp"

#include <algorithm>

namespace ingest {
namespace {

constexpr std::chrono::seconds window{1};  // of the FailureGate

double seconds(std::chrono::steady_clock::duration span) {
    return std::chrono::duration<double>(span).count();
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

bool Quota::open(std::string_view client, Steady now) {
    const std::lock_guard lock(mutex_);
    const Bucket& bucket = filled(client, now);
    return bucket.records > 0 && bucket.bytes > 0;
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
