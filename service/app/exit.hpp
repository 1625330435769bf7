#pragma once

#include "base/result.hpp"

namespace app {

/// What the process says to its caller; a contract that tests hold us to (docs/reference/cli.md).
enum class Exit : int {
    done = 0,          ///< Done.
    negative = 1,      ///< Completed, and the answer is no: tests failed, findings.
    usage = 2,         ///< Wrong usage, configuration or policies.
    warnings = 3,      ///< Only warnings, with --warnings-fatal; a backtest that cannot judge.
    unauthorised = 4,  ///< Not allowed.
    not_found = 5,     ///< No such thing.
    unreachable = 6,   ///< Server or database away.
    interrupted = 130,
};

/// Prints "callerprint: REASON" on stderr and gives the code that fits the fault.
Exit complain(const base::Error& error);

}  // namespace app
