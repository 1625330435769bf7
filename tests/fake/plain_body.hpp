#pragma once

#include "store/effects.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace fake {

/// A renderer of webhook bodies that says what it was told and nothing of the alert but its id.
inline store::Body plain_body(const store::Endpoint&, const store::Transition& transition,
                              std::string_view) {
    const boost::json::object body{{"type", transition.event},
                                   {"alert", transition.alert.id},
                                   {"state", transition.state},
                                   {"disposition", transition.disposition}};
    return {.bytes = boost::json::serialize(body)};
}

}  // namespace fake
