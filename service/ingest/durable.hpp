#pragma once

#include "base/result.hpp"
#include "journal/journal.hpp"

#include <boost/asio/awaitable.hpp>

#include <vector>

namespace ingest {

/// Ends when the blocks are on the disk, or will not be, on the caller's executor. The journal may
/// hold the suspended coroutine until its group is through: the executor's context outlives that.
[[nodiscard]] boost::asio::awaitable<base::Result<journal::Lsn>> durable(
    journal::Journal& journal, std::vector<journal::Encoded> blocks);

}  // namespace ingest
