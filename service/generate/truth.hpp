#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace generate {

/// How a party comes to use the API, or seems to.
enum class Route : std::uint8_t {
    own_account,
    subsidiary,
    reseller,
    personal_trial,
    leaked_key,
    proxy,    ///< Uses it where no clue reaches: never `used`.
    absent,   ///< Does not use it, and something looks as if it did.
    framing,  ///< Does not use it, and somebody copies its software's name.
};
inline constexpr std::size_t routes = 8;
[[nodiscard]] std::string_view name(Route route) noexcept;

/// What is missing from the log of a truth world.
enum class Loss : std::uint8_t {
    none,
    hour,         ///< An hour of all sources; acknowledged, as the next is.
    share,        ///< A share of one source's records, of which the gateway kept count.
    hidden_hour,  ///< As `hour`, and nobody has acknowledged it, nor the next.
    hidden_share,
};
/// "none", "hour", "share", "hidden-hour", "hidden-share".
[[nodiscard]] std::string_view name(Loss loss) noexcept;
[[nodiscard]] std::optional<Loss> loss_of(std::string_view name) noexcept;

/// What an investigator knows: `kind` as callerprint's questions name it.
struct Hint {
    std::string_view kind;
    std::string value;
};

/// One party that is asked about: the question, the truth, and the answers that are right given
/// what is left of the log.
struct Asked {
    std::string uid;  ///< q-1, q-2 ...
    std::string party;
    std::string name;
    Route route = Route::absent;
    std::string_view variant;
    std::vector<Hint> clues;

    bool uses = false;
    std::vector<std::string> tenants;  ///< Through which it uses the API.
    /// Calls of the party itself that worked, and what is left of them. An hour with calls counts
    /// as a session.
    std::uint64_t calls = 0;
    std::uint64_t kept = 0;
    std::uint32_t sessions = 0;
    std::uint32_t kept_sessions = 0;

    std::vector<std::string_view> use;      ///< Right answers.
    std::vector<std::string_view> licence;  ///< Right answers, when `use` is right.
};

/// A time for which records are missing.
struct Hole {
    std::string source;
    std::int64_t from_hour = 0;  ///< Hours from the start of the world: [from, to).
    std::int64_t to_hour = 0;
    std::optional<std::uint64_t> lost;  ///< When somebody counted.
    bool acknowledged = false;
};

/// A week of a provider's log with parties of whom it is known whether and how they use the API: to
/// score presence answers. Some hundred tenants, most with software that everybody has, many behind
/// networks that many share.
///
/// Owned and used by one thread; reads no clock, file or socket.
class Truth {
public:
    struct Options {
        std::uint64_t seed = 1;
        std::uint64_t calls = 200'000;  ///< 50'000 to 5'000'000.
        std::uint64_t parties = 123;    ///< 1 to 250.
        std::optional<Loss> loss;       ///< None: as the seed has it.
        base::EventTime start = base::event_time(1'740'960'000'000'000);  ///< 2025-03-03, a Monday.
    };
    static constexpr std::int64_t hours = 7 * 24;

    /// Fails with Fault::invalid, naming the option and its range.
    static base::Result<std::unique_ptr<Truth>> make(Options options);
    ~Truth();
    Truth(const Truth&) = delete;
    Truth& operator=(const Truth&) = delete;

    /// A call as one record of the native format, without newline, and what it is.
    struct Record {
        std::string line;
        std::string_view source;  ///< gateway-eastus ...; lives as long as the world.
        base::EventTime at;
        bool lost = false;
        /// Place in asked() of the party that made it; none: not a call of an asked party.
        std::optional<std::size_t> asked;
    };
    /// The next one, in ascending time; lost ones too. False when all are out.
    [[nodiscard]] bool next(Record& record);

    [[nodiscard]] const Options& options() const noexcept;
    [[nodiscard]] Loss loss() const noexcept;
    [[nodiscard]] const std::vector<Asked>& asked() const noexcept;
    [[nodiscard]] const std::vector<Hole>& holes() const noexcept;
    /// The text of a key that the registry rows hold; all are made up.
    [[nodiscard]] std::string key_text(std::string_view uid) const;
    /// The keys that were issued.
    [[nodiscard]] std::vector<std::string> keys() const;

    /// Rows for `callerprint registry import`, NDJSON.
    [[nodiscard]] std::string registry_rows() const;
    /// One row a party: route, tenants, calls made and kept, NDJSON.
    [[nodiscard]] std::string truth() const;
    /// One row a party: clues, period and the right answers, NDJSON.
    [[nodiscard]] std::string questions() const;
    /// One row a hole, NDJSON; the lost records themselves are not among them.
    [[nodiscard]] std::string hole_rows() const;

private:
    struct State;
    explicit Truth(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace generate
