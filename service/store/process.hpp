#pragma once

#include "base/result.hpp"

#include <sys/types.h>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace store {

/// Who a program runs as.
struct RunAs {
    uid_t uid = 0;
    gid_t gid = 0;
    std::string user;
};

struct Finished {
    int status = 0;      ///< Exit status; 128 + signal when it was killed.
    std::string output;  ///< Last 8 KB of stdout and stderr.
};

/// Runs a program to its end, in /, without input, with a plain environment; as somebody else when
/// we are root. Killed at the deadline. Fault::invalid when it cannot be started,
/// Fault::unavailable when it took too long.
base::Result<Finished> run_program(const std::filesystem::path& program,
                                   const std::vector<std::string>& arguments, const RunAs& as,
                                   std::chrono::seconds deadline);

}  // namespace store
