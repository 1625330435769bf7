#pragma once

#include "coverage/certificate.hpp"
#include "coverage/gaps.hpp"
#include "store/connection.hpp"

namespace store {

/// Reads all that a certificate is made of, and makes it.
coverage::Certificate certificate_of(pqxx::work& tx, coverage::Span window);

}  // namespace store
