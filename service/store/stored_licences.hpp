#pragma once

#include "registry/rows.hpp"
#include "store/connection.hpp"

#include <optional>
#include <vector>

namespace store {

/// A moment of the registry; none: now.
using AsOf = std::optional<base::WallTime>;

/// A licence as it stands in the table.
struct StoredLicence {
    long long n = 0;
    registry::Licence licence;
};

/// All versions, in the order they came.
std::vector<StoredLicence> stored_licences(pqxx::transaction_base& tx, AsOf as_of);

}  // namespace store
