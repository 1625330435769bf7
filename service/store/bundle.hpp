#pragma once

#include "base/result.hpp"
#include "presence/bundle.hpp"
#include "store/answers.hpp"
#include "store/session.hpp"

namespace store {

/// What proves an answer to somebody without this database: the records it cites with their places
/// in the batch chain, the chain's entries that hold them, and the one whose head the answer names.
/// A record that the chain does not have comes without a proof, and the verifier says so.
base::Result<presence::Bundle> read_bundle(Session& session, const StoredAnswer& answer);

}  // namespace store
