#pragma once

#include "call/batch.hpp"
#include "call/names.hpp"
#include "policy/busy.hpp"
#include "policy/policy.hpp"
#include "policy/set.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace policy {

/// The rules that a log source selects; good for the Matcher that made it.
enum class Route : std::uint32_t {};

/// Finds the rules that hold on a call.
///
/// Cost follows the rules that could hold, not the rules loaded: each waits behind one of its
/// literals, and every field is folded and searched once a call for the literals of all rules. One
/// a thread: it owns scratch memory, and allocates only while that grows.
class Matcher {
public:
    /// `names` must have been through Set::want. Without log sources every rule is tried on every
    /// call.
    Matcher(std::shared_ptr<const Set> set, std::shared_ptr<const call::Names> names,
            bool ignore_log_source = false);
    ~Matcher();
    Matcher(Matcher&&) noexcept;
    Matcher& operator=(Matcher&&) noexcept;

    /// The same source gives the same route; finding it again is a map look-up.
    [[nodiscard]] Route route(const LogSource& source);

    /// Puts the rules that hold into `out`, ascending, in place of what was there. The call must be
    /// of the names given at construction.
    void match(const call::Call& call, Route route, std::vector<PolicyIndex>& out);

    /// Comparisons that found nothing and did not look at all of a value, as regular expressions
    /// look at most_regex_bytes.
    [[nodiscard]] std::uint64_t cut() const noexcept;

    /// Tells `busy`, which is borrowed, what it is at; null: nobody.
    void watch(Busy* busy) noexcept;
    /// From now on these rules are not tried: by policy; empty: all are.
    void suspend(std::vector<bool> policies);

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace policy
