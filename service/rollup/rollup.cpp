#include "rollup/rollup.hpp"

#include "base/assert.hpp"
#include "call/memo.hpp"
#include "rollup/grain.hpp"
#include "rollup/measure.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace rollup {
namespace {

using call::Field;

/// Combinations remembered with their four rows; a cache only, so it may be forgotten any time.
constexpr std::size_t max_recent = 100'000;

constexpr std::array identities = {Field::tenant_uid, Field::key_uid, Field::service,
                                   Field::operation, Field::origin_place};
constexpr std::array examples = {Field::src_ip,      Field::src_asn,       Field::src_as_name,
                                 Field::src_country, Field::client_family, Field::client_version};

/// The rows that calls of one combination and minute count in.
struct Recent {
    KeyMinute* key_minute = nullptr;
    KeyOperationHour* key_operation_hour = nullptr;
    KeyOriginHour* key_origin_hour = nullptr;
    TenantOperationHour* tenant_operation_hour = nullptr;
    bool overflowed = false;
};

std::string_view text(const call::Call& call, Field field) {
    return call.get(field).text_or_empty();
}

/// Remembers the call as the example of its row.
void show(KeyOriginHour& row, const call::Call& call) {
    row.record_id = call.header().id;
    row.address = text(call, Field::src_ip);
    const call::Value asn = call.get(Field::src_asn);
    row.asn = asn.kind() == call::Value::Kind::integer ? asn.integer() : 0;
    row.as_name = text(call, Field::src_as_name);
    row.country = text(call, Field::src_country);
    row.client = text(call, Field::client_family);
    if (const auto version = text(call, Field::client_version); !version.empty())
        row.client.append(" ").append(version);
}

void seen(KeyOriginHour& row, const call::Call& call) {
    const base::EventTime at = call.time();
    const bool first = row.sums.calls == 0;
    const bool earlier =
        first || at < row.first_seen || (at == row.first_seen && call.header().id < row.record_id);
    if (first || at > row.last_seen) row.last_seen = at;
    if (!earlier) return;
    row.first_seen = at;
    show(row, call);
}

}  // namespace

struct Rollup::State {
    State(std::shared_ptr<const call::Names> wanted, Options options)
        : names(std::move(wanted)),
          measure(*names, options.seed),
          key_minutes(options.seed, options.max_rows),
          key_operation_hours(options.seed, options.max_rows),
          key_origin_hours(options.seed, options.max_rows),
          tenant_operation_hours(options.seed, options.max_rows),
          coverage_minutes(options.seed, options.max_rows),
          recent(options.seed) {}

    void add(const call::Call& call);
    Recent& rows_of(const Identity& id, base::EventTime minute);
    CoverageMinute& coverage(base::EventTime minute);
    void forget() {
        recent.clear();
        covered = nullptr;
    }

    std::shared_ptr<const call::Names> names;
    Measure measure;
    Grain<KeyMinute> key_minutes;
    Grain<KeyOperationHour> key_operation_hours;
    Grain<KeyOriginHour> key_origin_hours;
    Grain<TenantOperationHour> tenant_operation_hours;
    Grain<CoverageMinute> coverage_minutes;
    call::Memo<Recent> recent;
    std::string source;
    CoverageMinute* covered = nullptr;  // the row of the last call's source and minute
    base::EventTime covered_minute;
    std::uint64_t overflowed = 0;
};

Recent& Rollup::State::rows_of(const Identity& given, base::EventTime minute) {
    const std::int64_t number = base::micros(minute);
    const std::string_view when(reinterpret_cast<const char*>(&number), sizeof number);
    const call::Joined about{given.tenant,    given.key,    given.service,
                             given.operation, given.origin, when};
    if (auto* found = recent.find(about.text())) return *found;

    if (recent.size() >= max_recent) recent.clear();
    Recent& out = recent.add(about.text());
    Identity id = given;
    id.time = minute;
    out.key_minute = &key_minutes.at(id, out.overflowed);
    if (!id.origin.empty()) add_origin(*out.key_minute, origin_hash(id.origin));
    id.time = std::chrono::floor<std::chrono::hours>(minute);
    out.key_operation_hour = &key_operation_hours.at(id, out.overflowed);
    out.key_origin_hour = &key_origin_hours.at(id, out.overflowed);
    out.tenant_operation_hour = &tenant_operation_hours.at(id, out.overflowed);
    return out;
}

CoverageMinute& Rollup::State::coverage(base::EventTime minute) {
    if (covered == nullptr || covered_minute != minute) {
        bool overflow = false;  // sources are configured: only forged minutes could fill this grain
        covered = &coverage_minutes.at({.source = source, .time = minute}, overflow);
        covered_minute = minute;
    }
    return *covered;
}

void Rollup::State::add(const call::Call& call) {
    const Identity id{.tenant = text(call, Field::tenant_uid),
                      .key = text(call, Field::key_uid),
                      .service = text(call, Field::service),
                      .operation = text(call, Field::operation),
                      .origin = text(call, Field::origin_place)};
    const base::EventTime minute = std::chrono::floor<std::chrono::minutes>(call.time());
    const Sums one = measure(call);
    Recent& rows = rows_of(id, minute);
    seen(*rows.key_origin_hour, call);
    rows.key_minute->sums.add(one);
    rows.key_operation_hour->sums.add(one);
    rows.key_origin_hour->sums.add(one);
    rows.tenant_operation_hour->sums.add(one);
    if (rows.overflowed) ++overflowed;

    CoverageMinute& row = coverage(minute);
    ++row.received;
    ++row.parsed;
    if (!id.tenant.empty() || !id.key.empty()) ++row.attributed;
    if ((call.header().notes & call::note_late) != 0) ++row.late;
}

Rollup::Rollup(std::shared_ptr<const call::Names> names, Options options) {
    BASE_ASSERT(options.max_rows >= 1 && options.max_rows <= 10'000'000);
    state_ = std::make_unique<State>(std::move(names), options);
}
Rollup::~Rollup() = default;
Rollup::Rollup(Rollup&& other) noexcept = default;
Rollup& Rollup::operator=(Rollup&& other) noexcept = default;

void Rollup::want(call::Names& names) {
    for (const Field field : identities) names.add(field);
    for (const Field field : examples) names.add(field);
    Measure::want(names);
}

void Rollup::from(std::string_view source) {
    if (state_->source == source) return;
    state_->source = source;
    state_->covered = nullptr;
}

void Rollup::add(const call::Call& call) {
    state_->add(call);
}

void Rollup::add(const call::Batch& batch) {
    for (std::size_t i = 0; i < batch.size(); ++i) state_->add(batch[i]);
}

void Rollup::reject(std::uint64_t records, base::WallTime arrival) {
    if (records == 0) return;
    const auto at = base::event_time(base::micros(arrival));
    CoverageMinute& row = state_->coverage(std::chrono::floor<std::chrono::minutes>(at));
    row.received += records;
    row.rejected += records;
}

void Rollup::merge(Rollup&& other) {
    State& from = *other.state_;
    state_->forget();
    state_->key_minutes.merge(from.key_minutes, state_->overflowed);
    state_->key_operation_hours.merge(from.key_operation_hours, state_->overflowed);
    state_->key_origin_hours.merge(from.key_origin_hours, state_->overflowed);
    state_->tenant_operation_hours.merge(from.tenant_operation_hours, state_->overflowed);
    std::uint64_t forged = 0;
    state_->coverage_minutes.merge(from.coverage_minutes, forged);
    state_->overflowed += std::exchange(from.overflowed, 0);
    other.clear();
}

Rows Rollup::take() {
    Rows out;
    out.key_minutes = state_->key_minutes.take();
    out.key_operation_hours = state_->key_operation_hours.take();
    out.key_origin_hours = state_->key_origin_hours.take();
    out.tenant_operation_hours = state_->tenant_operation_hours.take();
    out.coverage_minutes = state_->coverage_minutes.take();
    state_->forget();
    return out;
}

void Rollup::clear() {
    (void)take();
}

std::size_t Rollup::size() const noexcept {
    return state_->key_minutes.size() + state_->key_operation_hours.size() +
           state_->key_origin_hours.size() + state_->tenant_operation_hours.size() +
           state_->coverage_minutes.size();
}

std::uint64_t Rollup::overflowed() const noexcept {
    return state_->overflowed;
}

}  // namespace rollup
