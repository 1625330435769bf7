#include "rollup/activities.hpp"

#include "call/memo.hpp"

#include <cstring>

namespace rollup {

Activities::Row& Activities::add(std::string_view about) {
    if (size_ % chunk_rows == 0) chunks_.emplace_back().reserve(chunk_rows);
    ++size_;
    Row& row = chunks_.back().emplace_back();
    row.about = texts_.keep(about).data();
    return row;
}

void Activities::push_back(const Activity& activity) {
    const std::int64_t number = base::micros(activity.minute);
    const std::string_view minute(reinterpret_cast<const char*>(&number), sizeof number);
    Row& row = add(call::Joined{activity.tenant, activity.key, activity.service, activity.operation,
                                activity.origin, minute}
                       .text());
    row.example =
        texts_
            .keep(call::Joined{activity.address, activity.as_name, activity.country,
                               activity.client_family, activity.client_version, activity.client_app}
                      .text())
            .data();
    row.sums = activity.sums;
    row.first_seen = activity.first_seen;
    row.last_seen = activity.last_seen;
    row.origin_hash = activity.origin_hash;
    row.asn = activity.asn;
    row.record_id = activity.record_id;
}

Activity Activities::operator[](std::size_t i) const noexcept {
    const Row& row = this->row(i);
    Activity out;
    const char* about = row.about;
    out.tenant = call::Joined::next(about);
    out.key = call::Joined::next(about);
    out.service = call::Joined::next(about);
    out.operation = call::Joined::next(about);
    out.origin = call::Joined::next(about);
    std::int64_t minute = 0;
    std::memcpy(&minute, call::Joined::next(about).data(), sizeof minute);
    out.minute = base::event_time(minute);
    out.origin_hash = row.origin_hash;
    out.sums = row.sums;
    out.first_seen = row.first_seen;
    out.last_seen = row.last_seen;
    const char* example = row.example;
    out.address = call::Joined::next(example);
    out.as_name = call::Joined::next(example);
    out.country = call::Joined::next(example);
    out.client_family = call::Joined::next(example);
    out.client_version = call::Joined::next(example);
    out.client_app = call::Joined::next(example);
    out.asn = row.asn;
    out.record_id = row.record_id;
    return out;
}

}  // namespace rollup
