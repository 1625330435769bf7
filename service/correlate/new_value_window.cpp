#include "correlate/new_value_window.hpp"

namespace correlate {

void NewValueWindow::add(const Hit& hit, std::int64_t from) {
    if (values_.empty()) {
        born_ = hit.time;
        hits_ = 0;
    }
    if (forgotten_ < from) forgotten_ = no_time;
    fresh_ = !values_.knows(hit.value);
    if (fresh_ && values_.size() == limit_) forgotten_ = values_.oldest();
    values_.add(hit, from);
    ++hits_;
}

bool NewValueWindow::holds(const Counter& counter) const {
    return fresh_ && values_.newest() - born_ >= counter.correlation->learn.count();
}

void NewValueWindow::sample(std::int64_t from, std::vector<RecordRef>& out) const {
    if (values_.newest() >= from) out.push_back(values_.newest_ref().unpack());
}

std::size_t NewValueWindow::bytes() const noexcept {
    return sizeof *this - sizeof values_ + values_.bytes();
}

void NewValueWindow::save(Writer& out) const {
    values_.save(out);
    out.signed_number(born_);
    out.signed_number(forgotten_);
    out.number(hits_);
}

void NewValueWindow::load(Reader& in) {
    values_.load(in);
    if (!values_.exact() || values_.empty() || values_.size() > limit_) in.spoil();
    born_ = in.signed_number();
    forgotten_ = in.signed_number();
    hits_ = in.number();
    // The age of the group must not overflow.
    if (born_ < -far || born_ > values_.newest()) in.spoil();
}

}  // namespace correlate
