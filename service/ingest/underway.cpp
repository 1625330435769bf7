#include "ingest/underway.hpp"

namespace ingest {

bool Underway::crowded(Steady::time_point now) const {
    const std::lock_guard lock(mutex_);
    if (unanswered_.size() < many) return false;
    return (!waiting_.empty() && now - waiting_.front() > full) || now - unanswered_.front() > late;
}

Underway::Batch::Batch(Underway& underway, Steady::time_point now) : underway_(underway) {
    const std::lock_guard lock(underway_.mutex_);
    waiting_ = underway_.waiting_.insert(underway_.waiting_.end(), now);
    unanswered_ = underway_.unanswered_.insert(underway_.unanswered_.end(), now);
}

Underway::Batch::~Batch() {
    const std::lock_guard lock(underway_.mutex_);
    if (waiting_ != underway_.waiting_.end()) underway_.waiting_.erase(waiting_);
    underway_.unanswered_.erase(unanswered_);
}

bool Underway::Batch::begin(Steady::time_point now) {
    const std::lock_guard lock(underway_.mutex_);
    underway_.waiting_.erase(waiting_);
    waiting_ = underway_.waiting_.end();
    return underway_.unanswered_.size() < many || now - *unanswered_ <= Underway::late;
}

}  // namespace ingest
