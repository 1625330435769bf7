#pragma once

#include "presence/facts.hpp"

#include <boost/json/value.hpp>

#include <functional>
#include <optional>
#include <string_view>

namespace presence {

/// How far event time has come, or had at a moment.
using NewestAsOf =
    std::function<base::Result<base::EventTime>(const std::optional<base::EventTime>& as_of)>;

/// A question as it comes over the API: {"clues": [{"type": "asn", "value": "64500"}], "from": T,
/// "to": T, "as_of": T, "case": "..."}. Times are RFC 3339 with a zone, or dates. Without `to` it
/// is how far event time has come, or had as of then, without `from` 30 days before `to`.
/// Fault::invalid names the member and what it takes; the reason never holds a key.
base::Result<Question> read_question(const boost::json::value& body, std::string_view asked_by,
                                     const NewestAsOf& newest);

/// Fills in the period and checks it with the rest: a case, one to 64 clues, `from` before `to`,
/// no more than ten years.
base::Result<void> complete(Question& question, bool has_from, bool has_to, base::EventTime newest);

}  // namespace presence
