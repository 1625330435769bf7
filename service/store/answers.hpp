#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "store/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace store {

/// A stored answer: its record, and what is looked for without reading it.
struct StoredAnswer {
    std::string id;
    std::string asked_by;
    std::string case_ref;
    base::EventTime from;
    base::EventTime to;
    std::optional<base::EventTime> as_of;
    std::string use;
    std::string licence;
    double confidence = 0;
    std::string statement;
    std::string record;  ///< The bytes that were signed, with the signature.
};

/// Answers to presence questions. Questions are a surveillance tool themselves: each is in the
/// audit, and nobody asks without end.
class Answers {
public:
    explicit Answers(Session& session) : session_(session) {}  // borrowed

    /// Writes the audit of a question before it is answered, so that one that fails is on record
    /// too. Fault::exhausted when the actor has asked `most` in the last hour.
    base::Result<void> begin(std::string_view actor, std::string_view case_ref,
                             std::string_view clues_json, std::uint64_t most, base::WallTime now);
    /// True when the actor was given an answer for the case.
    base::Result<bool> answered(std::string_view actor, std::string_view case_ref);
    /// Keeps the answer; one that is there already stays as it is.
    base::Result<void> save(const StoredAnswer& answer, base::WallTime now);
    /// By id, or by a prefix of at least 6 characters that only one answer has: Fault::not_found
    /// when there is none, Fault::conflict when several, or when an erasure changed it. Reading is
    /// in the audit.
    base::Result<StoredAnswer> show(std::string_view id, std::string_view actor);

private:
    Session& session_;
};

}  // namespace store
