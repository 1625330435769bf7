#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// What the subcommands of journal_chaos share: a range of seeds in, counts and violations out.
namespace journal::test {

struct Report {
    std::vector<std::pair<std::string, std::uint64_t>> counts;
    std::vector<std::string> violations;  ///< "seed N: what", the first few.
    std::uint64_t violated = 0;

    void count(const std::string& name, std::uint64_t value) {
        for (auto& [known, total] : counts) {
            if (known != name) continue;
            total += value;
            return;
        }
        counts.emplace_back(name, value);
    }
    void add(std::uint64_t seed, const std::vector<std::string>& found) {
        violated += found.size();
        for (const std::string& what : found)
            if (violations.size() < 10)
                violations.push_back("seed " + std::to_string(seed) + ": " + what);
    }
};

/// A promise that the disk breaks without saying so. Each must be found out: `self-test`.
enum class Lie : std::uint8_t {
    none,
    sync,         ///< fdatasync returns 0 and does nothing.
    sync_folder,  ///< So does fsync of the folder.
    failed_sync,  ///< A failed fdatasync returns 0.
    failed_write  ///< A short write is told to be whole.
};

/// R9: power is lost up to three times in each seed's life, within recoveries too.
[[nodiscard]] Report power_loss(std::uint64_t first, std::uint64_t last, Lie lie);
/// R7: at least `count` failed or short operations.
[[nodiscard]] Report io_faults(std::uint64_t count, std::uint64_t seed, Lie lie);
/// R6: the disk fills and empties `cycles` times.
[[nodiscard]] Report disk_full(std::uint64_t cycles, std::uint64_t seed, bool keep_ballast);
/// R8: one change of the files each; what is lost must be named, exactly. `secretly` changes what
/// the expectation does not know of.
[[nodiscard]] Report mutations(std::uint64_t count, std::uint64_t seed, bool secretly);

}  // namespace journal::test
