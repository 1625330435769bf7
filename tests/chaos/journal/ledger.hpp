#pragma once

#include "journal/bed.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace journal::test {

/// What a journal's users were told, and so what must hold of it after anything that may happen to
/// it. The text of a block is a function of its number: what was read can be judged without a list
/// of what was written.
struct Ledger {
    std::map<Lsn, std::uint64_t> told;  ///< LSN and number of what was acknowledged or read.
    std::uint64_t numbers = 0;          ///< Below: handed to the journal at some time.
    Lsn trimmed = 0;                    ///< Below: given up by the user (I4).
    std::uint64_t lost = 0;             ///< Told once, and later named as damage.

    std::set<std::uint64_t> asked;   ///< Numbers that a rewrite was to erase; perhaps it did.
    std::set<std::uint64_t> erased;  ///< Those of which it said that they are.

    /// The text of a block; some are long.
    [[nodiscard]] static std::string text(std::uint64_t number);
    /// What stands in its place once it is erased; some are longer than it was.
    [[nodiscard]] static std::string erased_text(std::uint64_t number);
    /// The texts of the next `count` blocks.
    [[nodiscard]] std::vector<std::string> next(std::size_t count);
    /// Blocks numbered up to `numbers` were acknowledged from `first` on.
    void acknowledge(Lsn first, std::size_t count, std::vector<std::string>& violations);
};

/// Rewrites the journal so that one in eight blocks is erased, `choice` of them. What the rewrite
/// says is noted; that a file holds them although it says that they are erased is a violation.
base::Result<Rewritten> erase_some(Bed& bed, const ModelFileSystem& files, Ledger& ledger,
                                   std::uint64_t choice, std::vector<std::string>& violations);

/// All that can be read now, trying again what a failing disk refused; an unreadable one is a
/// violation.
[[nodiscard]] std::vector<std::pair<Lsn, std::string>> read_patiently(
    const Bed& bed, std::vector<std::string>& violations);

/// Compares a journal with the ledger, and adds what could be read to it: who has seen a block may
/// have acted on it. With `may_be_damaged`, what was told may be named as damage instead; without,
/// any damage is a violation.
void audit(const Bed& bed, Ledger& ledger, bool may_be_damaged,
           std::vector<std::string>& violations);

}  // namespace journal::test
