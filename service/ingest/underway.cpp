#include "ingest/underway.hpp"

namespace ingest {

bool Underway::crowded(Steady::time_point now) const {
    const std::lock_guard lock(mutex_);
    return here_.size() >= many && now - here_.front() > full;
}

Underway::Batch::Batch(Underway& underway, Steady::time_point now) : underway_(underway) {
    const std::lock_guard lock(underway_.mutex_);
    place_ = underway_.here_.insert(underway_.here_.end(), now);
}

Underway::Batch::~Batch() {
    const std::lock_guard lock(underway_.mutex_);
    underway_.here_.erase(place_);
}

bool Underway::Batch::late(Steady::time_point now) const {
    const std::lock_guard lock(underway_.mutex_);
    return underway_.here_.size() >= many && now - *place_ > Underway::late;
}

}  // namespace ingest
