#pragma once

#include "generate/actors.hpp"
#include "generate/random.hpp"
#include "generate/truth.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace generate {

/// Rows of the registry that a Cast has no place for.
struct PartyRow {
    std::string uid;
    std::string name;
    std::vector<std::string> aliases;
    std::vector<std::string> domains;
    std::vector<std::string> networks;
};
struct OwnerRow {
    std::string party;
    std::string owner;
    std::string percent;
};
struct ClaimRow {
    std::string uid;
    std::string name;
    std::string statement;
    std::vector<std::string> clues;
};
/// A licence for face recognition; hours from the start of the world.
struct LicenceRow {
    std::string tenant;  ///< This or `party`.
    std::string party;
    std::int64_t valid_from = -8'000;
    std::optional<std::int64_t> valid_to = {};
    std::optional<std::int64_t> known_from = {};
};

/// Everything in a truth world before its calls are in order.
struct Stage {
    explicit Stage(std::uint64_t with_seed) : seed(with_seed), random(mix(with_seed, "stage")) {}

    /// A word that nothing else in the world is called by.
    std::string word();
    /// A network nobody else calls from. `holder`: its own AS is named so; none: an AS of the kind.
    const Network& network(std::string_view kind, std::string_view holder = {});
    /// A tenant that calls only when told to, with one key and software that everybody has.
    Tenant& tenant(std::string_view stem, std::string_view tier);
    /// A further key of it.
    Key& key(Tenant& tenant);
    /// Software under a name of its own; in one of two it says which library it is built on.
    const Client& product(std::string_view token, unsigned minor, bool on_library);
    const Client& stock();

    std::uint64_t seed;
    Random random;
    Cast cast;
    std::deque<std::string> names;  ///< Lends views.
    std::vector<const Network*> hubs;
    std::deque<PartyRow> parties;
    std::deque<OwnerRow> owners;
    std::deque<ClaimRow> claims;
    std::deque<LicenceRow> licences;
    std::vector<Asked> asked;
    /// By asked party: its clues fit many whatever is lost; and tags of calls count (see tag_of).
    struct Marks {
        bool fits_many = false;
        bool searchable = true;  ///< Some clue can be seen in calls.
        bool customer = false;   ///< Known to the registry as a tenant's party.
        bool weak = false;       ///< One kind of evidence: nobody may be named for sure.
        std::vector<std::string_view> licence;
        std::uint64_t decoys_kept = 0;
        std::uint64_t gated_kept = 0;
    };
    std::vector<Marks> marks;

private:
    std::size_t words_ = 0;
    std::size_t networks_ = 0;
};

/// What Call::plot holds: whose call, and whether it is the party's or only fits its clues.
[[nodiscard]] constexpr std::uint32_t tag_of(std::size_t asked, bool its) noexcept {
    return static_cast<std::uint32_t>(2 * asked + (its ? 1 : 2));
}

/// Hubs, and the tenants that have nothing to do with any question.
void populate(Stage& stage);

/// The next party that is asked about, by the scripts in turn.
void plant_party(Stage& stage);

/// The right answers, once it is known what is left of the log.
void settle(Asked& asked, const Stage::Marks& marks, bool hidden);

/// The text of a key: a function of seed and uid, so that nothing has to hold it.
[[nodiscard]] std::string key_text(std::uint64_t seed, std::string_view uid);

[[nodiscard]] std::string truth_registry(const Stage& stage);
[[nodiscard]] std::string truth_rows(const Stage& stage);
[[nodiscard]] std::string question_rows(const Stage& stage);
[[nodiscard]] std::string hole_rows(const Stage& stage, const std::vector<Hole>& holes);

}  // namespace generate
