#pragma once

#include "base/result.hpp"
#include "erase/subjects.hpp"
#include "store/session.hpp"

#include <cstdint>

namespace store {

/// Entries of the audit that name the person.
base::Result<std::uint64_t> count_audit(Session& session, const erase::Subjects& subjects);

/// Puts pseudonyms in their place and proves under the session's key that it was us
/// (coverage::erased_mac_of); their number. The chain holds. Fault::invalid without a key.
base::Result<std::uint64_t> erase_audit(Session& session, const erase::Subjects& subjects);

}  // namespace store
