#include "correlate/absence_window.hpp"

namespace correlate {

void AbsenceWindow::add(const Hit& hit, std::int64_t) {
    if (!pair_ || !waits()) since_ = hit.time;
    newest_ = hit.time;
    ++hits_;
    sample_.add(hit);
}

void AbsenceWindow::answer() noexcept {
    since_ = no_time;
    hits_ = 0;
    sample_ = {};
}

void AbsenceWindow::sample(std::int64_t, std::vector<RecordRef>& out) const {
    // Those before the last one, too: the window of a firing begins with the last.
    sample_.take(-far, out);
}

void AbsenceWindow::save(Writer& out) const {
    out.signed_number(newest_);
    out.flag(waits());
    if (waits()) out.signed_number(newest_ - since_);
    out.number(hits_);
    sample_.save(out);
}

void AbsenceWindow::load(Reader& in) {
    newest_ = in.signed_number();
    if (newest_ < -far || newest_ > far) return in.spoil();
    if (in.flag()) {
        const std::int64_t ago = in.signed_number();
        if (ago < -far || ago > span_ || (!pair_ && ago > 0)) return in.spoil();
        since_ = newest_ - ago;
    }
    hits_ = in.number();
    sample_.load(in);
    if (waits() != (hits_ > 0)) in.spoil();
}

}  // namespace correlate
