#pragma once

#include "policy/predicate.hpp"
#include "policy/rule.hpp"
#include "policy/scanner.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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
        /// Bits by `shape`: a text that looks alike is among `texts`.
        std::array<std::uint64_t, 16> shapes{};
        /// `numbers` as a list while they are few: status codes mostly.
        std::vector<std::pair<Number, std::uint32_t>> few_numbers;
        Scanner scanner;
    };

    /// Of a text that is all ASCII: its length and its ends, the same in either case. Most texts of
    /// calls are told from all texts of rules by it, without being folded.
    [[nodiscard]] static std::size_t shape(std::string_view text) noexcept {
        if (text.empty()) return 0;
        const auto first = static_cast<unsigned char>(text.front()) | 0x20u;
        const auto last = static_cast<unsigned char>(text.back()) | 0x20u;
        return (text.size() * 37 + first * 11 + last) % 1024;
    }

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

    /// What a test needs to know of its field.
    enum class Needs : std::uint8_t {
        any_text,  ///< Whether there is a text at all: the pattern `*`.
        value,     ///< The value as it is.
        text,      ///< The texts, folded.
    };

    struct Test {
        Predicate predicate;
        Needs needs = Needs::text;
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
