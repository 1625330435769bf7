#include "rollup/grain.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace rollup {
namespace {

auto order(const Identity& id) noexcept {
    return std::tie(id.tenant, id.key, id.service, id.operation, id.origin, id.source, id.time);
}

/// The part of an identity that a grain uses, so that its key holds nothing else.
template <class Row>
Identity part(const Identity& id);

template <>
Identity part<KeyMinute>(const Identity& id) {
    return {.tenant = id.tenant, .key = id.key, .time = id.time};
}
template <>
Identity part<KeyOperationHour>(const Identity& id) {
    return {.tenant = id.tenant,
            .key = id.key,
            .service = id.service,
            .operation = id.operation,
            .time = id.time};
}
template <>
Identity part<KeyOriginHour>(const Identity& id) {
    return {.tenant = id.tenant, .key = id.key, .origin = id.origin, .time = id.time};
}
template <>
Identity part<TenantOperationHour>(const Identity& id) {
    return {.tenant = id.tenant, .service = id.service, .operation = id.operation, .time = id.time};
}
template <>
Identity part<CoverageMinute>(const Identity& id) {
    return {.source = id.source, .time = id.time};
}

}  // namespace

Identity identity(const KeyMinute& row) noexcept {
    return {.tenant = row.tenant, .key = row.key, .time = row.minute};
}
Identity identity(const KeyOperationHour& row) noexcept {
    return {.tenant = row.tenant,
            .key = row.key,
            .service = row.service,
            .operation = row.operation,
            .time = row.hour};
}
Identity identity(const KeyOriginHour& row) noexcept {
    return {.tenant = row.tenant, .key = row.key, .origin = row.origin, .time = row.hour};
}
Identity identity(const TenantOperationHour& row) noexcept {
    return {
        .tenant = row.tenant, .service = row.service, .operation = row.operation, .time = row.hour};
}
Identity identity(const CoverageMinute& row) noexcept {
    return {.source = row.source, .time = row.minute};
}

void name_row(KeyMinute& row, const Identity& id) {
    row.tenant = id.tenant;
    row.key = id.key;
    row.minute = id.time;
}
void name_row(KeyOperationHour& row, const Identity& id) {
    row.tenant = id.tenant;
    row.key = id.key;
    row.service = id.service;
    row.operation = id.operation;
    row.hour = id.time;
}
void name_row(KeyOriginHour& row, const Identity& id) {
    row.tenant = id.tenant;
    row.key = id.key;
    row.origin = id.origin;
    row.hour = id.time;
}
void name_row(TenantOperationHour& row, const Identity& id) {
    row.tenant = id.tenant;
    row.service = id.service;
    row.operation = id.operation;
    row.hour = id.time;
}
void name_row(CoverageMinute& row, const Identity& id) {
    row.source = id.source;
    row.minute = id.time;
}

void add_row(KeyMinute& row, const KeyMinute& more) {
    row.sums.add(more.sums);
    for (const std::uint64_t hash : more.origins) add_origin(row, hash);
    row.more_origins = row.more_origins || more.more_origins;
}
void add_row(KeyOperationHour& row, const KeyOperationHour& more) {
    row.sums.add(more.sums);
}
void add_row(KeyOriginHour& row, const KeyOriginHour& more) {
    const bool first = row.sums.calls == 0;
    const base::EventTime last = first ? more.last_seen : std::max(row.last_seen, more.last_seen);
    const bool earlier = first || std::tie(more.first_seen, more.record_id) <
                                      std::tie(row.first_seen, row.record_id);
    if (earlier) {
        row.first_seen = more.first_seen;
        row.address = more.address;
        row.asn = more.asn;
        row.as_name = more.as_name;
        row.country = more.country;
        row.client = more.client;
        row.record_id = more.record_id;
    }
    row.last_seen = last;
    row.sums.add(more.sums);
}
void add_row(TenantOperationHour& row, const TenantOperationHour& more) {
    row.sums.add(more.sums);
}
void add_row(CoverageMinute& row, const CoverageMinute& more) {
    row.received += more.received;
    row.parsed += more.parsed;
    row.attributed += more.attributed;
    row.late += more.late;
    row.rejected += more.rejected;
}

std::uint64_t calls(const CoverageMinute& row) noexcept {
    return row.received;
}

std::uint64_t origin_hash(std::string_view origin) noexcept {
    return XXH3_64bits(origin.data(), origin.size());
}

void add_origin(KeyMinute& row, std::uint64_t hash) {
    const auto at = std::ranges::lower_bound(row.origins, hash);
    if (at != row.origins.end() && *at == hash) return;
    if (row.origins.size() < max_origins) {
        row.origins.insert(at, hash);
        return;
    }
    // Keeping the least hashes makes the set the same whatever came first.
    row.more_origins = true;
    if (at == row.origins.end()) return;
    row.origins.insert(at, hash);
    row.origins.pop_back();
}

template <class Row>
Row* Grain<Row>::find_or_add(call::Memo<Row>& rows, const Identity& given, std::size_t bound) {
    const Identity id = part<Row>(given);
    const std::int64_t number = base::micros(id.time);
    const std::string_view when(reinterpret_cast<const char*>(&number), sizeof number);
    const call::Joined about{id.tenant, id.key,    id.service, id.operation,
                             id.origin, id.source, when};
    if (Row* found = rows.find(about.text())) return found;
    if (rows.size() >= bound) return nullptr;
    Row& out = rows.add(about.text());
    name_row(out, id);
    return &out;
}

template <class Row>
Identity Grain<Row>::rest_of(const Identity& id) noexcept {
    Identity rest{.time = id.time};
    if constexpr (std::is_same_v<Row, CoverageMinute>)
        rest.source = rest_name;
    else if constexpr (std::is_same_v<Row, TenantOperationHour>)
        rest.tenant = rest_name;
    else
        rest.key = rest_name;
    return rest;
}

template <class Row>
bool Grain<Row>::is_rest(const Identity& id) noexcept {
    return order(part<Row>(id)) == order(rest_of(id));
}

template <class Row>
std::vector<Row> Grain<Row>::take() {
    std::vector<Row> out;
    out.reserve(size());
    for (call::Memo<Row>* rows : {&rows_, &other_}) {
        for (Row& row : rows->entries()) out.push_back(std::move(row));
        rows->clear();
    }
    std::ranges::sort(
        out, [](const Row& a, const Row& b) { return order(identity(a)) < order(identity(b)); });
    return out;
}

template class Grain<KeyMinute>;
template class Grain<KeyOperationHour>;
template class Grain<KeyOriginHour>;
template class Grain<TenantOperationHour>;
template class Grain<CoverageMinute>;

}  // namespace rollup
