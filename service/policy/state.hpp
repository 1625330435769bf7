#pragma once

#include "policy/element.hpp"
#include "policy/matcher.hpp"
#include "policy/program.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace policy {

/// A Matcher's inside: scratch that is never cleared but told apart by the number of the call (the
/// epoch) that wrote it.
class Matcher::State {
public:
    State(std::shared_ptr<const Set> set, std::shared_ptr<const call::Names> names,
          bool ignore_log_source);

    Route route(const LogSource& source);
    void match(const call::Call& call, Route route, std::vector<PolicyIndex>& out);
    [[nodiscard]] std::uint64_t cut() const noexcept { return cut_; }
    void watch(Busy* busy) noexcept { busy_ = busy; }
    void suspend(std::vector<bool> policies) { suspended_ = std::move(policies); }

private:
    using Phase = Program::Phase;

    /// A field that rules of a route wait behind, and by which look-ups.
    struct Entrance {
        std::uint16_t field = 0;
        call::Slot slot = call::no_slot;
        bool presence = false;
        bool equality = false;
        bool scan = false;
    };
    struct Way {
        std::vector<Entrance> entrances;   // by slot, so that the row is read in order
        std::vector<std::uint8_t> inside;  // by policy: the log source allows it
        std::vector<PolicyIndex> always;   // rules that wait behind nothing
    };
    /// A field of the current call.
    struct Field {
        call::Slot slot = call::no_slot;
        std::uint32_t loaded = 0;  // epochs
        std::uint32_t compared = 0;
        std::uint32_t scanned = 0;
        Elements elements;
        std::vector<std::uint32_t> equal;  // atoms that hold
        std::vector<std::uint32_t> found;
    };

    [[nodiscard]] Way make_way(const LogSource& source) const;
    [[nodiscard]] const call::Value& value_of(const Field& field) const;
    std::span<const Element> load(Field& field);
    void compare(std::uint16_t field);
    void compare(const Program::Field& known, const call::Value& value, Field& field);
    void compare_text(const Program::Field& known, std::string_view text, Field& field);
    void compare_number(const Program::Field& known, const call::Value& value, Field& field);
    void scan(std::uint16_t field);
    void hold(std::uint32_t atom, std::vector<std::uint32_t>& list);
    void admit_waiting(const Way& way, std::uint32_t atom);
    void admit(const Way& way, PolicyIndex policy);
    void enter(const Way& way, const Entrance& entrance);
    void next_epoch();

    bool run(std::uint32_t at);
    bool run_atom(const Program::Code& code);
    bool run_atoms(const Program::Code& code);
    bool run_selection(std::uint32_t selection);
    bool run_test(std::uint32_t test);
    bool try_test(const Program::Test& test);
    void resolve(std::uint16_t field, Phase phase);

    std::shared_ptr<const Set> set_;
    const Program& program_;
    std::shared_ptr<const call::Names> names_;
    bool ignore_log_source_;
    std::map<LogSource, Route> routes_;
    std::vector<Way> ways_;

    const call::Call* call_ = nullptr;
    std::uint32_t epoch_ = 0;  // of 31 bits
    std::vector<Field> fields_;
    std::vector<std::uint32_t> atoms_;       // the epoch in which each held last
    std::vector<std::uint32_t> rules_;       // the epoch in which each was admitted last
    std::vector<std::uint32_t> selections_;  // epoch * 2 + outcome
    std::vector<std::uint32_t> tests_;       // epoch * 2 + outcome
    std::vector<PolicyIndex> candidates_;
    std::vector<bool> suspended_;  // by policy; empty: none is
    std::uint64_t cut_ = 0;
    Busy* busy_ = nullptr;
    PolicyIndex current_ = Busy::nobody;
    std::string scratch_;
    std::string folded_;
};

}  // namespace policy
