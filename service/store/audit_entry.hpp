#pragma once

#include "store/connection.hpp"
#include "store/session.hpp"

#include <string_view>

namespace store {

/// Appends an entry to the chain of the audit, in the transaction that does what it tells of.
/// Writers wait for each other here until that transaction ends: so do it last. Throws what the
/// database says, and std::runtime_error without a key: Connection::transaction makes it a value,
/// Fault::unavailable.
void audit(const Session& session, pqxx::transaction_base& tx, std::string_view actor,
           std::string_view action, std::string_view object, std::string_view details_json = "{}");

}  // namespace store
