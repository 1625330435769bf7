#pragma once

#include "coverage/certificate.hpp"
#include "coverage/gaps.hpp"
#include "store/connection.hpp"

#include <optional>

namespace store {

/// Reads all that a certificate is made of, as it is or was at a moment, and makes it.
coverage::Certificate certificate_of(pqxx::work& tx, coverage::Span window,
                                     std::optional<base::WallTime> as_of = std::nullopt);

}  // namespace store
