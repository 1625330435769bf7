#pragma once

#include "app/backtest_report.hpp"
#include "app/config.hpp"
#include "base/result.hpp"
#include "journal/reader.hpp"
#include "store/history.hpp"

#include <functional>
#include <string>

namespace app {

/// Takes the blocks that are to be judged again, in the order of the journal.
using TakeBlock = std::function<void(const journal::Entry&)>;

/// Calls kept in the database (setting raw_calls). `period` begins `warm_up` before what will be
/// counted. Fault::not_found when there is no call.
base::Result<BacktestHistory> read_kept_calls(const std::string& url, const store::Period& period,
                                              const TakeBlock& take);

/// Every block that the journal of the configuration still has, whoever writes it meanwhile.
base::Result<BacktestHistory> read_journal(const Config& config, const TakeBlock& take);

}  // namespace app
