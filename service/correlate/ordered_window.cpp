#include "correlate/ordered_window.hpp"

#include <algorithm>

namespace correlate {

OrderedWindow::OrderedWindow(std::size_t rules)
    : rules_(rules), hits_(rules), latest_(rules * rules, no_time) {}

void OrderedWindow::extend(std::size_t rule, std::int64_t time) {
    // Longest first: a hit must not extend a chain that it has itself just become part of.
    for (std::size_t length = rule + 1; length >= 1; --length) {
        const std::int64_t begins = length == 1 ? time
                                    : rule == 0 ? no_time
                                                : latest(length - 1, rule - 1);
        for (std::size_t i = rule; i < rules_ && latest(length, i) < begins; ++i) {
            latest(length, i) = begins;
        }
    }
}

void OrderedWindow::add(const Hit& hit, std::int64_t from) {
    hits_.add(hit, from);
    extend(hit.value, hit.time);
    for (std::size_t later = hit.value + 1; later < rules_; ++later) {
        if (hits_.last(later) == hit.time) extend(later, hit.time);
    }
    length_ = 0;
    while (length_ < rules_ && start(length_ + 1) >= from) ++length_;
}

bool OrderedWindow::drop_oldest(std::int64_t from) {
    const std::int64_t begins = length_ == 0 ? no_time : start(length_);
    const std::int64_t gone = length_ == 0 ? hits_.oldest() : std::min(begins, hits_.oldest());
    if (gone >= from) return false;
    while (length_ > 0 && start(length_) <= gone) --length_;
    hits_.drop_oldest(gone + 1);
    return true;
}

bool OrderedWindow::holds(const Counter& counter) const {
    const auto& expression = counter.correlation->expression;
    if (expression.steps.empty()) return counter.holds(value());
    return value() >= hits_.value() && hits_.holds(counter);
}

std::size_t OrderedWindow::bytes() const noexcept {
    return sizeof *this + hits_.bytes() + latest_.capacity() * sizeof(std::int64_t);
}

void OrderedWindow::save(Writer& out) const {
    hits_.save(out);
    out.number(length_);
    for (const std::int64_t time : latest_) out.signed_number(time);
}

void OrderedWindow::load(Reader& in) {
    hits_.load(in);
    length_ = in.number();
    if (length_ > rules_) in.spoil();
    for (std::int64_t& time : latest_) time = in.signed_number();
}

}  // namespace correlate
