#include "correlate/baseline_window.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace correlate {
namespace {

constexpr unsigned digits = 11;  // after the first, of a count's significant bits
constexpr std::uint64_t first_digit = std::uint64_t{1} << digits;
constexpr std::uint64_t most_shift = 30;

std::int64_t hour_of(std::int64_t time) noexcept {
    const std::int64_t whole = time / BaselineWindow::hour;
    return whole - (time % BaselineWindow::hour < 0 ? 1 : 0);
}

/// The middle, or that of the middle two. Orders what it is given anew.
double median(std::vector<double>& of) {
    const auto middle = of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2);
    std::nth_element(of.begin(), middle, of.end());
    if (of.size() % 2 == 1) return *middle;
    return (*std::max_element(of.begin(), middle) + *middle) / 2;
}

struct Middle {
    double median;
    double deviation;
};

Middle middle_of(std::vector<double> counts) {
    const double centre = median(counts);
    for (double& count : counts) count = std::abs(count - centre);
    return {centre, median(counts)};
}

}  // namespace

std::uint16_t short_count(std::uint64_t count) noexcept {
    if (count < first_digit) return static_cast<std::uint16_t>(count);
    auto shift = static_cast<std::uint64_t>(std::bit_width(count)) - (digits + 1);
    std::uint64_t digits_of = shift == 0 ? count : ((count >> (shift - 1)) + 1) >> 1;
    if (digits_of == 2 * first_digit) {
        digits_of = first_digit;
        ++shift;
    }
    if (shift > most_shift) return 0xffff;
    return static_cast<std::uint16_t>(((shift + 1) << digits) | (digits_of - first_digit));
}

std::uint64_t whole_count(std::uint16_t code) noexcept {
    const std::uint64_t shift = std::uint64_t{code} >> digits;
    const std::uint64_t rest = code & (first_digit - 1);
    return shift == 0 ? rest : (first_digit + rest) << (shift - 1);
}

void BaselineWindow::put(std::int64_t at, std::uint64_t count) {
    const auto place = static_cast<std::size_t>((at - first_) % kept);
    if (place >= past_.size()) {
        // Doubled as ever, but never beyond what will be used.
        if (place >= past_.capacity())
            past_.reserve(std::min<std::size_t>(kept, std::max(place + 1, 2 * past_.capacity())));
        past_.resize(place + 1);
    }
    past_[place] = short_count(count);
}

double BaselineWindow::count_of(std::int64_t at) const noexcept {
    return static_cast<double>(whole_count(past_[static_cast<std::size_t>((at - first_) % kept)]));
}

void BaselineWindow::close(std::int64_t next) {
    usual_ = {};
    if (next - hour_ > kept) {
        past_.clear();
        first_ = next;
    } else {
        put(hour_, count_);
        for (std::int64_t silent = hour_ + 1; silent < next; ++silent) put(silent, 0);
    }
    hour_ = next;
    count_ = 0;
}

bool BaselineWindow::drop_oldest(std::int64_t from) {
    const std::int64_t next = hour_of(from + hour);
    if (newest_ == no_time || next <= hour_) return false;
    close(next);
    return true;
}

void BaselineWindow::add(const Hit& hit, std::int64_t) {
    if (newest_ == no_time) first_ = hour_ = hour_of(hit.time);
    newest_ = hit.time;
    ++count_;
    ++hits_;
    sample_.add(hit);
}

const BaselineWindow::Usual& BaselineWindow::usual() const {
    if (usual_.known) return usual_;
    usual_.known = true;
    std::vector<double> slot;
    for (std::int64_t back = week; back <= kept && hour_ - back >= first_; back += week)
        slot.push_back(count_of(hour_ - back));
    std::vector<double> all;
    for (std::int64_t at = std::max(first_, hour_ - kept); at < hour_; ++at)
        all.push_back(count_of(at));
    const Middle own = middle_of(slot);
    const Middle overall = middle_of(std::move(all));
    const auto weeks = static_cast<double>(slot.size());
    const double missing = 4 - weeks;
    const auto shrunk = [&](double of_slot, double of_all) {
        return (2 * weeks * of_slot + missing * of_all) / (weeks + 4);
    };
    usual_.weeks = static_cast<std::int64_t>(slot.size());
    usual_.count = shrunk(own.median, overall.median);
    const double spread = policy::most_variation * shrunk(own.deviation, overall.deviation) +
                          std::abs(usual_.count - own.median);
    usual_.deviation = std::max(spread, std::sqrt(std::max(usual_.count, 1.0)));
    return usual_;
}

double BaselineWindow::value() const {
    const auto count = static_cast<double>(count_);
    if (asked_->factor) return count / std::max(usual().count, 1.0);
    return (count - usual().count) / usual().deviation;
}

bool BaselineWindow::holds(const Counter& counter) const {
    // At least two weeks, so that the slot has had an hour.
    if (count_ < asked_->at_least || (hour_ - first_) * hour < asked_->history.count())
        return false;
    return counter.holds(value());
}

void BaselineWindow::sample(std::int64_t, std::vector<RecordRef>& out) const {
    sample_.take(hour_ * hour, out);
}

void BaselineWindow::figures(std::vector<Figure>& out) const {
    out.push_back({"hits", static_cast<double>(count_)});
    out.push_back({"usual", usual().count});
    out.push_back({"weeks", static_cast<double>(usual().weeks)});
}

std::size_t BaselineWindow::bytes() const noexcept {
    return sizeof *this + past_.capacity() * sizeof(std::uint16_t);
}

void BaselineWindow::save(Writer& out) const {
    out.signed_number(newest_);
    out.number(static_cast<std::uint64_t>(hour_ - first_));
    out.number(count_);
    out.number(hits_);
    sample_.save(out);
    for (const std::uint16_t code : past_) out.number(code);
}

void BaselineWindow::load(Reader& in) {
    newest_ = in.signed_number();
    if (newest_ < -far || newest_ > far) return in.spoil();
    const std::uint64_t age = in.number();
    if (age > static_cast<std::uint64_t>(far / hour)) return in.spoil();
    hour_ = hour_of(newest_);
    first_ = hour_ - static_cast<std::int64_t>(age);
    count_ = in.number();
    hits_ = in.number();
    sample_.load(in);
    const std::uint64_t places = std::min<std::uint64_t>(age, kept);
    past_.reserve(places);
    for (std::uint64_t i = 0; i < places && in.good(); ++i) {
        const std::uint64_t code = in.number();
        if (code > 0xffff) return in.spoil();
        past_.push_back(static_cast<std::uint16_t>(code));
    }
}

}  // namespace correlate
