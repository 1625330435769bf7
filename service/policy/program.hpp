#pragma once

#include "policy/predicate.hpp"
#include "policy/rule.hpp"
#include "policy/scanner.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace policy {

/// XXH3 of texts, and numbers mixed, for boost's flat maps.
struct LiteralHash {
    using is_transparent = void;
    using is_avalanching = void;
    [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept;
};
struct NumberHash {
    using is_avalanching = void;
    [[nodiscard]] std::size_t operator()(const Number& number) const noexcept;
};

/// All rules of a set compiled together.
///
/// An *atom* is a fact about one field that a look-up finds out for all rules at once: it equals a
/// literal, a number or a boolean; it contains, starts or ends with a literal; it is there. Every
/// rule that can waits behind a small set of atoms of which one must hold (its pivot). Everything
/// else is a *test*, evaluated when a rule asks and at most once a call.
class Program {
public:
    static constexpr std::uint32_t none = UINT32_MAX;

    struct Field {
        std::string name;
        std::uint32_t present = none;  ///< Atom: the field is there.
        boost::unordered_flat_map<std::string, std::uint32_t, LiteralHash, std::equal_to<>> texts;
        boost::unordered_flat_map<Number, std::uint32_t, NumberHash> numbers;
        std::uint32_t booleans[2] = {none, none};
        std::uint64_t lengths = 0;  ///< Bit n: a text of n bytes (63: or more) is among `texts`.
        Scanner scanner;
    };

    enum class Kind : std::uint8_t { all, any, at_least, negation, selection, atom, atoms, test };
    /// Which look-up decides an atom.
    enum class Phase : std::uint8_t { presence, equality, scan };

    /// Instructions in prefix order; the children of one stand behind it up to its `end`.
    struct Code {
        Kind kind = Kind::all;
        Phase phase = Phase::equality;  ///< Of atom and atoms.
        std::uint16_t field = 0;        ///< Of atom and atoms.
        std::uint32_t argument = 0;     ///< Count, selection, atom, start in `lists`, or test.
        std::uint32_t count = 0;        ///< Of atoms.
        std::uint32_t end = 0;
    };

    struct Test {
        Predicate predicate;
        std::uint16_t field = 0;
        std::uint16_t other = 0;  ///< Of a fieldref.
    };

    /// Where an atom is found, and the rules that wait behind it.
    struct Atom {
        std::uint16_t field = 0;
        Phase phase = Phase::equality;
    };

    /// `rules` by policy, null for a correlation.
    [[nodiscard]] static std::unique_ptr<const Program> compile(
        std::span<const std::unique_ptr<const Rule>> rules);

    std::vector<Field> fields;
    std::vector<Atom> atoms;
    std::vector<Test> tests;
    std::vector<Code> code;
    std::vector<std::uint32_t> lists;                ///< Ascending atoms of each Kind::atoms.
    std::vector<std::uint32_t> selections;           ///< Where the code of each starts.
    std::vector<std::uint32_t> conditions;           ///< By policy; `none` for a correlation.
    std::vector<std::vector<std::uint32_t>> pivots;  ///< By policy; empty: always evaluated.
    std::vector<std::uint32_t> waiting_start;        ///< By atom, and one more: into `waiting`.
    std::vector<std::uint32_t> waiting;              ///< Policies.
};

}  // namespace policy
