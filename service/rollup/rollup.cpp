#include "rollup/rollup.hpp"

#include <xxhash.h>
#include <array>
#include <chrono>
#include <utility>

namespace rollup {
namespace {

using call::Field;

constexpr std::array fields = {Field::tenant_uid,    Field::key_uid,        Field::service,
                               Field::operation,     Field::origin_place,   Field::src_ip,
                               Field::src_asn,       Field::src_as_name,    Field::src_country,
                               Field::client_family, Field::client_version, Field::client_app};

std::string_view text(const call::Call& call, Field field) {
    return call.get(field).text_or_empty();
}

}  // namespace

Rollup::Rollup(std::shared_ptr<const call::Names> names, std::uint64_t seed)
    : names_(std::move(names)),
      seed_(seed),
      measure_(*names_, seed),
      index_(0, call::SeededHash{seed}) {}

void Rollup::want(call::Names& names) {
    for (const Field field : fields) names.add(field);
    Measure::want(names);
}

void Rollup::use(std::shared_ptr<const call::Names> names) {
    names_ = std::move(names);
    measure_ = Measure(*names_, seed_);
}

void Rollup::from(std::string_view source) {
    if (source_ == source) return;
    source_ = source;
    covered_ = nullptr;
}

Activities::Row& Rollup::row_of(const call::Call& call, base::EventTime minute) {
    const std::int64_t number = base::micros(minute);
    const std::string_view when(reinterpret_cast<const char*>(&number), sizeof number);
    const std::string_view origin = text(call, Field::origin_place);
    const call::Joined about{text(call, Field::tenant_uid),
                             text(call, Field::key_uid),
                             text(call, Field::service),
                             text(call, Field::operation),
                             origin,
                             when};
    if (const auto found = index_.find(about.text()); found != index_.end())
        return activity_.row(found->second);

    Activities::Row& row = activity_.add(about.text());
    index_.emplace(std::string_view(row.about, about.text().size()),
                   static_cast<std::uint32_t>(activity_.size() - 1));
    row.origin_hash = XXH3_64bits(origin.data(), origin.size());
    return row;
}

/// Remembers the call as the example of its row.
void Rollup::show(Activities::Row& row, const call::Call& call) {
    row.record_id = call.header().id;
    const call::Value asn = call.get(Field::src_asn);
    row.asn = asn.kind() == call::Value::Kind::integer ? asn.integer() : 0;
    const call::Joined example{text(call, Field::src_ip),         text(call, Field::src_as_name),
                               text(call, Field::src_country),    text(call, Field::client_family),
                               text(call, Field::client_version), text(call, Field::client_app)};
    row.example = activity_.texts_.keep(example.text()).data();
}

CoverageMinute& Rollup::coverage(base::EventTime minute) {
    if (covered_ == nullptr || covered_->minute != minute) {
        covered_ = &coverage_[{source_, minute}];
        covered_->source = source_;
        covered_->minute = minute;
    }
    return *covered_;
}

void Rollup::add_uncounted(const call::Call& call) {
    const base::EventTime at = call.time();
    Activities::Row& row = row_of(call, std::chrono::floor<std::chrono::minutes>(at));
    const bool first = row.sums.calls == 0;
    if (first || at > row.last_seen) row.last_seen = at;
    if (first || at < row.first_seen ||
        (at == row.first_seen && call.header().id < row.record_id)) {
        row.first_seen = at;
        show(row, call);
    }
    row.sums.add(measure_(call));
}

void Rollup::add(const call::Call& call) {
    add_uncounted(call);
    CoverageMinute& covered = coverage(std::chrono::floor<std::chrono::minutes>(call.time()));
    ++covered.received;
    ++covered.parsed;
    if (!text(call, Field::tenant_uid).empty() || !text(call, Field::key_uid).empty())
        ++covered.attributed;
    if ((call.header().notes & call::note_late) != 0) ++covered.late;
}

void Rollup::add(const call::Batch& batch) {
    for (std::size_t i = 0; i < batch.size(); ++i) add(batch[i]);
}

CoverageMinute& Rollup::arrived(base::WallTime arrival) {
    const auto at = base::event_time(base::micros(arrival));
    return coverage(std::chrono::floor<std::chrono::minutes>(at));
}

void Rollup::reject(std::uint64_t records, std::uint64_t set_aside, base::WallTime arrival) {
    if (records == 0) return;
    CoverageMinute& row = arrived(arrival);
    row.received += records;
    row.rejected += records;
    row.set_aside += set_aside;
}

void Rollup::heartbeat(base::WallTime arrival) {
    ++arrived(arrival).heartbeats;
}

void Rollup::ahead(std::uint64_t calls, base::WallTime arrival) {
    if (calls != 0) arrived(arrival).ahead += calls;
}

Rows Rollup::take() {
    Rows out;
    out.activity = std::exchange(activity_, {});
    for (auto& [about, row] : coverage_) out.coverage.push_back(std::move(row));
    index_.clear();
    coverage_.clear();
    covered_ = nullptr;
    return out;
}

}  // namespace rollup
