#pragma once

#include "coverage/audit_chain.hpp"
#include "store/connection.hpp"

namespace store {

/// The entry of a row: n, at in microseconds, actor, action, object, details as text, keyed, mac,
/// erased.
coverage::AuditEntry audit_entry_of(const pqxx::row& row);

}  // namespace store
