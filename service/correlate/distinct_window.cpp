#include "correlate/distinct_window.hpp"

#include <cmath>

namespace correlate {
namespace {

constexpr std::uint32_t few = 24;  // so many hashes are found faster by looking at each

}  // namespace

bool DistinctWindow::sampled(std::uint64_t hash) const noexcept {
    return (hash & ((std::uint64_t{1} << level_) - 1)) == 0;
}

std::uint32_t DistinctWindow::find(std::uint64_t hash) const {
    if (!index_.empty()) {
        const auto found = index_.find(hash);
        return found == index_.end() ? none : found->second;
    }
    for (std::uint32_t at = newest_; at != none; at = nodes_[at].older) {
        if (nodes_[at].hash == hash) return at;
    }
    return none;
}

void DistinctWindow::append(std::uint64_t hash, std::int64_t time, PackedRef ref) {
    std::uint32_t at = static_cast<std::uint32_t>(nodes_.size());
    if (free_.empty()) {
        nodes_.emplace_back();
    } else {
        at = free_.back();
        free_.pop_back();
    }
    nodes_[at] = {hash, time, ref, newest_, none};
    (newest_ == none ? oldest_ : nodes_[newest_].newer) = at;
    newest_ = at;
    ++size_;
    if (!index_.empty()) {
        index_.emplace(hash, at);
    } else if (size_ > few) {
        for (std::uint32_t i = newest_; i != none; i = nodes_[i].older) {
            index_.emplace(nodes_[i].hash, i);
        }
    }
}

void DistinctWindow::unlink(std::uint32_t node) {
    const Node& gone = nodes_[node];
    (gone.older == none ? oldest_ : nodes_[gone.older].newer) = gone.newer;
    (gone.newer == none ? newest_ : nodes_[gone.newer].older) = gone.older;
}

void DistinctWindow::erase(std::uint32_t node) {
    unlink(node);
    if (!index_.empty()) index_.erase(nodes_[node].hash);
    free_.push_back(node);
    --size_;
}

void DistinctWindow::add(const Hit& hit, std::int64_t) {
    if (!sampled(hit.value)) return;
    if (const std::uint32_t known = find(hit.value); known != none) erase(known);
    append(hit.value, hit.time, hit.ref);
    if (size_ > limit_) {
        erase(oldest_);
    } else if (size_ > exact_hits) {
        sample_harder();
    }
}

void DistinctWindow::sample_harder() {
    ++level_;
    for (std::uint32_t at = oldest_; at != none;) {
        const std::uint32_t next = nodes_[at].newer;
        if (!sampled(nodes_[at].hash)) erase(at);
        at = next;
    }
}

bool DistinctWindow::drop_oldest(std::int64_t from) {
    if (oldest_ == none || nodes_[oldest_].time >= from) return false;
    const std::int64_t time = nodes_[oldest_].time;
    while (oldest_ != none && nodes_[oldest_].time == time) erase(oldest_);
    if (size_ == 0) {
        level_ = 0;
        nodes_.clear();
        free_.clear();
    }
    return true;
}

double DistinctWindow::value() const {
    return std::ldexp(static_cast<double>(size_), static_cast<int>(level_));
}

std::int64_t DistinctWindow::newest() const noexcept {
    return newest_ == none ? no_time : nodes_[newest_].time;
}

void DistinctWindow::sample(std::int64_t from, std::vector<RecordRef>& out) const {
    std::uint32_t at = newest_;
    for (std::size_t n = 1; n < sample_size && at != none && nodes_[at].older != none; ++n) {
        at = nodes_[at].older;
    }
    for (; at != none; at = nodes_[at].newer) {
        if (nodes_[at].time >= from) out.push_back(nodes_[at].ref.unpack());
    }
}

std::size_t DistinctWindow::bytes() const noexcept {
    return sizeof *this + nodes_.capacity() * sizeof(Node) +
           free_.capacity() * sizeof(std::uint32_t) + index_.bucket_count() * 17;
}

void DistinctWindow::save(Writer& out) const {
    out.number(level_);
    out.number(size_);
    for (std::uint32_t at = oldest_; at != none; at = nodes_[at].newer) {
        out.number(nodes_[at].hash);
        out.signed_number(nodes_[at].time);
        nodes_[at].ref.save(out);
    }
}

void DistinctWindow::load(Reader& in) {
    const std::uint64_t level = in.number();
    if (level > 48) in.spoil();
    level_ = static_cast<unsigned>(level & 63);
    for (std::uint64_t n = in.number(); n > 0 && in.good(); --n) {
        const std::uint64_t hash = in.number();
        const std::int64_t time = in.signed_number();
        const PackedRef ref = PackedRef::load(in);
        if (find(hash) != none) in.spoil();
        append(hash, time, ref);
    }
}

}  // namespace correlate
