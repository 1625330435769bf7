#include "correlate/window.hpp"

#include "correlate/absence_window.hpp"
#include "correlate/cadence_window.hpp"
#include "correlate/distinct_window.hpp"
#include "correlate/new_value_window.hpp"
#include "correlate/ordered_window.hpp"
#include "correlate/rank_window.hpp"
#include "correlate/ratio_window.hpp"
#include "correlate/sum_window.hpp"
#include "correlate/temporal_window.hpp"

#include <algorithm>

namespace correlate {

void Sample::add(const Hit& hit) noexcept {
    std::shift_right(newest_.begin(), newest_.end(), 1);
    newest_.front() = {hit.time, hit.ref};
}

void Sample::take(std::int64_t from, std::vector<RecordRef>& out) const {
    for (auto entry = newest_.rbegin(); entry != newest_.rend(); ++entry) {
        if (entry->time != no_time && entry->time >= from) out.push_back(entry->ref.unpack());
    }
}

void Sample::save(Writer& out) const {
    for (const Entry& entry : newest_) {
        out.signed_number(entry.time);
        entry.ref.save(out);
    }
}

void Sample::load(Reader& in) {
    for (Entry& entry : newest_) {
        entry.time = in.signed_number();
        entry.ref = PackedRef::load(in);
    }
}

std::unique_ptr<Window> make_window(const Counter& counter) {
    switch (counter.kind) {
        case Counter::Kind::plain:
        case Counter::Kind::count:
        case Counter::Kind::few:
            return nullptr;
        case Counter::Kind::sum:
        case Counter::Kind::average:
            return std::make_unique<SumWindow>(counter.kind == Counter::Kind::average,
                                               counter.span);
        case Counter::Kind::rank:
            return std::make_unique<RankWindow>(counter.correlation->type ==
                                                        policy::Correlation::Type::value_median
                                                    ? 50
                                                    : counter.correlation->percentile);
        case Counter::Kind::distinct:
            return std::make_unique<DistinctWindow>(counter.limit);
        case Counter::Kind::temporal:
            return std::make_unique<TemporalWindow>(counter.rules);
        case Counter::Kind::ordered:
            return std::make_unique<OrderedWindow>(counter.rules);
        case Counter::Kind::new_value:
            return std::make_unique<NewValueWindow>(counter.limit);
        case Counter::Kind::ratio:
            return std::make_unique<RatioWindow>(counter.span);
        case Counter::Kind::cadence:
            return std::make_unique<CadenceWindow>(counter.span);
        case Counter::Kind::absence:
            return std::make_unique<AbsenceWindow>(counter.span, counter.rules > 1);
    }
    return nullptr;
}

}  // namespace correlate
