#pragma once

#include "call/value.hpp"
#include "decode/format_model.hpp"

#include <array>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace decode {

/// Applies the steps of format files to values. Results may borrow from the value given, from the
/// steps, or from this object until its `clear`. Not thread-safe.
class StepRunner {
public:
    /// False when a step drops the value.
    bool run(std::span<const Step> steps, call::Value& value);

    /// Keeps a text until `clear`.
    std::string_view hold(std::string text) {
        held_.push_back(std::move(text));
        return held_.back();
    }
    /// The text of a scalar, as policies see it; empty for other kinds.
    std::string_view text_of(const call::Value& value);

    /// True when an `address` step met a text that is no whole address since the last `clear`.
    [[nodiscard]] bool met_bad_address() const noexcept { return met_bad_address_; }

    void clear() noexcept {
        if (!held_.empty()) held_.clear();
        if (!lists_.empty()) lists_.clear();
        met_bad_address_ = false;
        last_address_ = {};
    }

private:
    bool run(const Step& step, call::Value& value);
    bool run_text(const Step& step, std::string_view text, call::Value& value);
    bool address(std::string_view text, call::Value& value);
    bool read_address(std::string_view text, call::Value& value);
    bool addresses(std::string_view text, call::Value& value);
    bool look_up(const Step& step, std::string_view text, call::Value& value);

    /// What a table had for a text: operations and results are few and come again and again.
    struct LookedUp {
        const Step* step = nullptr;
        const Constant* found = nullptr;
        std::array<char, 32> text{};
        std::size_t size = 0;
    };

    std::deque<std::string> held_;
    std::deque<std::vector<call::Value>> lists_;
    bool met_bad_address_ = false;
    // The same text is asked about twice: is it an address, is it none.
    std::string_view last_address_;
    call::Value last_result_;
    std::vector<LookedUp> looked_up_;  // By hash; as many as are made at first, and no more.
};

/// The value of a constant; borrows its text.
[[nodiscard]] call::Value value_of(const Constant& constant) noexcept;

/// The number written as text, or the value itself if it is a number; nothing else. Integers stay
/// integers where they fit 64 bits.
[[nodiscard]] bool to_number(const call::Value& value, call::Value& out) noexcept;

}  // namespace decode
