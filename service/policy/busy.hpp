#pragma once

#include "policy/problem.hpp"

#include <cstdint>

namespace policy {

/// Is told which rule's comparisons a Matcher is at, so that somebody can sample what rules cost.
/// Only those that no look-up answers for all rules at once: regular expressions, patterns, fields
/// compared with fields. A comparison that several rules share is made for the first that asks.
class Busy {
public:
    static constexpr PolicyIndex nobody = UINT32_MAX;

    virtual void at(PolicyIndex policy) noexcept = 0;

    /// Tells for as long as it lives; with null, nobody.
    class Turn {
    public:
        Turn(Busy* busy, PolicyIndex policy) noexcept : busy_(busy) {
            if (busy_ != nullptr) busy_->at(policy);
        }
        ~Turn() {
            if (busy_ != nullptr) busy_->at(nobody);
        }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

    private:
        Busy* busy_;
    };

protected:
    ~Busy() = default;
};

}  // namespace policy
