#include "ingest/underway.hpp"

#include <algorithm>

namespace ingest {
namespace {

constexpr double remembered = 0.98;  // of what was known, at each batch: some 50 count

}  // namespace

bool Underway::crowded(Steady::time_point now) {
    const std::lock_guard lock(mutex_);
    while (!coming_.empty() && now - coming_.front()->since_ > slow) coming_.front()->leave();
    if (count_ < many || stored_bytes_ <= 0) return false;
    if (here_.empty() || now - here_.front()->since_ < waited) return false;
    const double wait = static_cast<double>(bytes_) * stored_seconds_ / stored_bytes_;
    return wait > std::chrono::duration<double>(late).count();
}

Underway::Batch::Batch(Underway& underway, std::size_t bytes, Steady::time_point now)
    : underway_(underway), bytes_(bytes), since_(now) {
    const std::lock_guard lock(underway_.mutex_);
    place_ = underway_.coming_.insert(underway_.coming_.end(), this);
    ++underway_.count_;
    underway_.bytes_ += bytes_;
}

Underway::Batch::~Batch() {
    const std::lock_guard lock(underway_.mutex_);
    if (state_ != State::slow) leave();
}

// Is ahead of nobody any more. Under the mutex.
void Underway::Batch::leave() {
    (state_ == State::coming ? underway_.coming_ : underway_.here_).erase(place_);
    --underway_.count_;
    underway_.bytes_ -= bytes_;
    state_ = State::slow;
}

void Underway::Batch::arrived(std::size_t bytes, Steady::time_point now) {
    const std::lock_guard lock(underway_.mutex_);
    if (state_ != State::slow) leave();
    bytes_ = bytes;
    since_ = now;
    state_ = State::here;
    place_ = underway_.here_.insert(underway_.here_.end(), this);
    ++underway_.count_;
    underway_.bytes_ += bytes_;
}

// The time that counts begins when the batch before ended, if this one was waiting by then.
void Underway::Batch::stored(Steady::time_point now) {
    const std::lock_guard lock(underway_.mutex_);
    const std::chrono::duration<double> busy = now - std::max(underway_.last_end_, since_);
    underway_.last_end_ = std::max(underway_.last_end_, now);
    underway_.stored_bytes_ = underway_.stored_bytes_ * remembered + static_cast<double>(bytes_);
    underway_.stored_seconds_ =
        underway_.stored_seconds_ * remembered + std::max(busy.count(), 0.0);
}

}  // namespace ingest
