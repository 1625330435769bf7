#pragma once

#include "base/time.hpp"
#include "correlate/codec.hpp"
#include "correlate/sight.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace pipeline {

/// When sources that declared a rhythm gave a sign of life, a record by its event time or a
/// heartbeat by its arrival, and so when they were silent for longer than they should be. Reads no
/// clock: whoever applies the same blocks knows the same.
class Signs {
public:
    using Micros = std::int64_t;
    using Rhythms = std::map<std::string, Micros, std::less<>>;  ///< By source.

    explicit Signs(Rhythms rhythms);

    /// A sign of the source; of one without a rhythm it says nothing.
    void sign(std::string_view source, base::EventTime at);

    /// Whether all that the source sent in [from, to] can have come; event time has come to `now`.
    /// A source that never gave a sign is not waited for: nobody knows that it is there.
    [[nodiscard]] correlate::Seen seen(std::string_view source, base::EventTime from,
                                       base::EventTime to, base::EventTime now) const;

    /// Forgets silences that ended before.
    void forget(base::EventTime before);

    void save(correlate::Writer& out) const;
    /// Sources that have no rhythm any more are left out.
    void load(correlate::Reader& in);

private:
    struct Source {
        Micros every = 0;
        std::map<Micros, Micros> alive;  // whole minutes, from and to; `every` or more apart
        Micros minute = -1;              // of the newest sign, to tell repeats at once
    };
    std::map<std::string, Source, std::less<>> sources_;
};

}  // namespace pipeline
