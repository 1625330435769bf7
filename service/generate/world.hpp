#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

/// Worlds with known truth: traffic to show, test and measure the product with. Seeded and
/// deterministic; no name, address or number in them belongs to anybody (addresses come from the
/// ranges reserved for documentation and benchmarks).
namespace generate {

/// Why a call was made. Views live as long as the World.
struct Label {
    std::string_view signature;     ///< "U01" for planted abuse and its twins; empty for ordinary.
    bool benign = true;             ///< False: planted abuse. True: ordinary, or a look-alike.
    std::string_view subject_kind;  ///< tenant, key, origin; empty for ordinary calls.
    std::string_view subject;       ///< Who an alert should (or must not) name.
};

/// A provider of face, vision and language calls: ordinary tenants with their day rhythm,
/// look-alikes that a careless policy accuses, and planted abuses of ten shipped signatures.
///
/// Calls come in ascending time. Owned and used by one thread; reads no clock, file or socket.
class World {
public:
    struct Options {
        std::uint64_t seed = 1;
        std::uint64_t calls = 200'000;  ///< 50'000 to 1'000'000'000, planted ones included.
        base::EventTime start = base::event_time(1'740'960'000'000'000);  ///< 2025-03-03, a Monday.
        std::chrono::hours duration{72};                                  ///< 72 h to 60 days.
    };

    /// Fails with Fault::invalid, naming the option and its range.
    static base::Result<std::unique_ptr<World>> make(Options options);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    /// The next call as one record of the native format, without newline; `line` is replaced.
    /// False when all calls are out.
    [[nodiscard]] bool next(std::string& line, Label& label);

    /// Rows for `callerprint registry import`, NDJSON.
    [[nodiscard]] std::string registry_rows() const;

    /// What a perfect observer would say, NDJSON: one object for each planted abuse (`"kind":
    /// "abuse"`) and each look-alike (`"kind": "benign"`), with signature, subject and a sentence.
    [[nodiscard]] std::string truth() const;

private:
    struct State;
    explicit World(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace generate
