#include "pipeline/watermark.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>

namespace pipeline {

void Watermark::observe(std::string_view name, base::EventTime newest,
                        std::chrono::microseconds lateness) {
    auto& source = sources_[std::string(name)];
    source.newest = std::max(source.newest, newest);
    source.lateness = lateness;
    source.idle = false;
    raise();
}

void Watermark::idle(std::string_view name) {
    const auto found = sources_.find(name);
    if (found == sources_.end()) return;
    found->second.idle = true;
    raise();
}

bool Watermark::holds(std::string_view name) const {
    const auto found = sources_.find(name);
    return found != sources_.end() && !found->second.idle;
}

void Watermark::raise() {
    auto lowest = base::EventTime::max();
    auto newest = base::EventTime::min();
    for (const auto& [name, source] : sources_) {
        newest = std::max(newest, source.newest);
        if (!source.idle) lowest = std::min(lowest, source.newest - source.lateness);
    }
    value_ = std::max(value_, lowest == base::EventTime::max() ? newest : lowest);
}

std::string Watermark::save() const {
    boost::json::object out;
    out["value"] = base::micros(value_);
    auto& sources = out["sources"].emplace_object();
    for (const auto& [name, source] : sources_) {
        sources[name] = {base::micros(source.newest), source.lateness.count(), source.idle};
    }
    return boost::json::serialize(out);
}

base::Result<void> Watermark::restore(std::string_view saved) {
    boost::system::error_code fault;
    const auto in = boost::json::parse(saved, fault);
    const auto* object = in.if_object();
    const auto* value = object ? object->if_contains("value") : nullptr;
    const auto* sources = object ? object->if_contains("sources") : nullptr;
    if (fault || !value || !value->is_int64() || !sources || !sources->is_object()) {
        return base::fail(base::Fault::invalid, "the saved watermark is damaged");
    }
    Watermark restored;
    restored.value_ = base::event_time(value->as_int64());
    for (const auto& [name, entry] : sources->as_object()) {
        const auto* parts = entry.if_array();
        if (!parts || parts->size() != 3 || !parts->at(0).is_int64() || !parts->at(1).is_int64() ||
            !parts->at(2).is_bool()) {
            return base::fail(base::Fault::invalid, "the saved watermark is damaged");
        }
        restored.sources_[std::string(name)] = {base::event_time(parts->at(0).as_int64()),
                                                std::chrono::microseconds(parts->at(1).as_int64()),
                                                parts->at(2).as_bool()};
    }
    *this = std::move(restored);
    return {};
}

}  // namespace pipeline
