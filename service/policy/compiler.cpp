#include "policy/fold.hpp"
#include "policy/program.hpp"
#include "policy/regex.hpp"

#include "base/assert.hpp"
#include "call/field.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

namespace policy {
namespace {

using Kind = Program::Kind;
using Op = Predicate::Op;
using Phase = Program::Phase;

constexpr std::uint32_t none = Program::none;
constexpr std::size_t most_few_numbers = 8;
constexpr std::size_t shortest_hint = 3;  // bytes of a literal that a pattern may wait behind

/// Atoms of which at least one holds whenever an expression does. `cost` is about how often that
/// is.
struct Cover {
    bool exists = false;
    double cost = 0;
    std::vector<std::uint32_t> atoms;
};

class Compiler {
public:
    std::unique_ptr<const Program> compile(std::span<const std::unique_ptr<const Rule>> rules) {
        for (const auto& rule : rules)
            if (rule) intern(*rule);
        for (Program::Field& field : program_.fields) {
            field.scanner.build();
            if (field.numbers.size() > most_few_numbers) continue;
            field.few_numbers.assign(field.numbers.begin(), field.numbers.end());
        }
        weigh();
        for (const auto& rule : rules) {
            program_.conditions.push_back(none);
            program_.pivots.emplace_back();
            if (rule) add(*rule);
        }
        file_pivots();
        return std::make_unique<const Program>(std::move(program_));
    }

private:
    /// What a predicate became: an atom or a test, and the atom that a rule may wait behind.
    struct Interned {
        std::uint32_t atom = none;
        std::uint32_t test = none;
        std::uint32_t hint = none;
    };

    std::uint16_t field(const std::string& name) {
        const auto [found, fresh] = fields_.try_emplace(name, program_.fields.size());
        if (fresh) {
            BASE_ASSERT(program_.fields.size() < UINT16_MAX);
            program_.fields.emplace_back().name = name;
            program_.fields.back().present =
                new_atom(static_cast<std::uint16_t>(found->second), Phase::presence);
        }
        return static_cast<std::uint16_t>(found->second);
    }

    std::uint32_t new_atom(std::uint16_t field, Phase phase) {
        program_.atoms.push_back({field, phase});
        return static_cast<std::uint32_t>(program_.atoms.size() - 1);
    }

    std::uint32_t text_atom(std::uint16_t f, const std::string& text) {
        Program::Field& field = program_.fields[f];
        const auto [found, fresh] = field.texts.try_emplace(text, none);
        if (fresh) {
            found->second = new_atom(f, Phase::equality);
            const std::size_t shape = Program::shape(text);
            field.shapes[shape / 64] |= std::uint64_t{1} << (shape % 64);
        }
        return found->second;
    }

    std::uint32_t scan_atom(std::uint16_t f, const std::string& text, Anchor anchor) {
        if (text.empty()) return program_.fields[f].present;
        const auto key =
            std::to_string(f) + static_cast<char>('0' + static_cast<int>(anchor)) + text;
        const auto [found, fresh] = scan_atoms_.try_emplace(key, none);
        if (fresh) {
            found->second = new_atom(f, Phase::scan);
            lengths_[found->second] = text.size();
            program_.fields[f].scanner.add(text, anchor, found->second);
        }
        return found->second;
    }

    static Anchor anchor_of(Op op) {
        if (op == Op::starts_with) return Anchor::start;
        return op == Op::ends_with ? Anchor::end : Anchor::anywhere;
    }

    std::uint32_t atom_of(std::uint16_t f, const Predicate& predicate) {
        switch (predicate.op) {
            case Op::equals:
                return text_atom(f, predicate.text);
            case Op::contains:
            case Op::starts_with:
            case Op::ends_with:
                return scan_atom(f, predicate.text, anchor_of(predicate.op));
            case Op::number: {
                auto& atom =
                    program_.fields[f].numbers.try_emplace(predicate.number, none).first->second;
                if (atom == none) atom = new_atom(f, Phase::equality);
                return atom;
            }
            default: {
                auto& atom = program_.fields[f].booleans[predicate.flag ? 1 : 0];
                if (atom == none) atom = new_atom(f, Phase::equality);
                return atom;
            }
        }
    }

    /// The atom that holds whenever the test does; `none` if a missing field can meet it.
    std::uint32_t hint_of(std::uint16_t f, const Predicate& predicate) {
        if (!predicate.needs_field()) return none;
        std::string literal;
        if (predicate.op == Op::wildcard) literal = folded(predicate.wildcard->longest_literal());
        if (predicate.op == Op::regex) literal = required_literal(predicate.text);
        if (predicate.op == Op::contains || predicate.op == Op::starts_with ||
            predicate.op == Op::ends_with)
            return scan_atom(f, folded(predicate.text), anchor_of(predicate.op));
        if (predicate.op == Op::equals) return text_atom(f, folded(predicate.text));
        if (literal.size() < shortest_hint) return program_.fields[f].present;
        return scan_atom(f, literal, Anchor::anywhere);
    }

    static Program::Needs needs_of(const Predicate& predicate) {
        if (predicate.op == Op::wildcard && predicate.wildcard->matches_all())
            return Program::Needs::any_text;
        return predicate.reads_text() ? Program::Needs::text : Program::Needs::value;
    }

    Interned& intern(const Predicate& predicate) {
        const auto [found, fresh] = interned_.try_emplace(predicate.key());
        if (!fresh) return found->second;
        const std::uint16_t f = field(predicate.field);
        const bool indexed =
            predicate.is_literal() || predicate.op == Op::number || predicate.op == Op::boolean;
        if (predicate.op == Op::exists && predicate.flag) {
            found->second.atom = found->second.hint = program_.fields[f].present;
        } else if (indexed) {
            found->second.atom = found->second.hint = atom_of(f, predicate);
        } else {
            const std::uint16_t other =
                predicate.refers_to_field() ? field(predicate.text) : std::uint16_t{0};
            found->second.test = static_cast<std::uint32_t>(program_.tests.size());
            found->second.hint = hint_of(f, predicate);
            program_.tests.push_back({predicate, needs_of(predicate), f, other});
        }
        return found->second;
    }

    void intern(const Rule& rule) {
        for (const Predicate& predicate : rule.predicates) (void)intern(predicate);
    }

    /// A guess at how often each atom holds. Numbers and booleans that rules compare are codes of
    /// few values, one of which nearly every call has (`status_id: 1`). The more texts rules tell
    /// apart in a field, the rarer is each of them. A fact is there only for what we were told of.
    void weigh() {
        weights_.resize(program_.atoms.size());
        for (const Program::Field& field : program_.fields) {
            const auto known = call::field_of(field.name);
            const bool fact =
                known && *known >= call::first_fact && !(*known >= call::Field::origin_exact);
            weights_[field.present] = fact ? 0.6 : 1;
            for (const auto& [text, atom] : field.texts)
                weights_[atom] = 0.001 + 0.1 / static_cast<double>(1 + field.texts.size());
            for (const auto& [number, atom] : field.numbers) weights_[atom] = 0.4;
            for (const std::uint32_t atom : field.booleans)
                if (atom != none) weights_[atom] = 0.5;
        }
        for (const auto& [atom, length] : lengths_)
            weights_[atom] = length < shortest_hint ? 0.5 : 0.03;
    }

    void add(const Rule& rule) {
        rule_ = &rule;
        first_selection_ = program_.selections.size();
        std::vector<Cover> covers;
        for (const RuleSelection& selection : rule.selections) {
            program_.selections.push_back(static_cast<std::uint32_t>(program_.code.size()));
            emit(selection.expression, [this](std::uint32_t i) {
                emit(rule_->items[i].expression, [this](std::uint32_t p) { emit_predicate(p); });
            });
            covers.push_back(cover(selection.expression, [this](std::uint32_t i) {
                return cover(rule_->items[i].expression,
                             [this](std::uint32_t p) { return cover_of(rule_->predicates[p]); });
            }));
        }
        program_.conditions.back() = static_cast<std::uint32_t>(program_.code.size());
        emit(rule.condition, [this](std::uint32_t s) {
            const std::size_t at = begin(Kind::selection);
            program_.code[at].argument = static_cast<std::uint32_t>(first_selection_ + s);
            end(at);
        });
        Cover whole = cover(rule.condition, [&](std::uint32_t s) { return covers[s]; });
        if (whole.exists) program_.pivots.back() = std::move(whole.atoms);
        // Without atoms nothing can make the rule true; it then waits for ever behind `never`.
        if (whole.exists && program_.pivots.back().empty())
            program_.pivots.back().push_back(never());
    }

    std::uint32_t never() {
        if (never_ == none) {
            never_ = new_atom(field("time"), Phase::presence);
            weights_.resize(program_.atoms.size(), 1);
        }
        return never_;
    }

    std::size_t begin(Kind kind) {
        program_.code.emplace_back().kind = kind;
        return program_.code.size() - 1;
    }
    void end(std::size_t at) {
        program_.code[at].end = static_cast<std::uint32_t>(program_.code.size());
    }

    template <class Leaf>
    void emit(const Expression& expression, Leaf&& leaf) {
        switch (expression.kind) {
            case Expression::Kind::leaf:
                leaf(expression.number);
                return;
            case Expression::Kind::negation: {
                const std::size_t at = begin(Kind::negation);
                emit(expression.children.front(), leaf);
                end(at);
                return;
            }
            default:
                break;
        }
        const std::size_t at = begin(expression.kind == Expression::Kind::all   ? Kind::all
                                     : expression.kind == Expression::Kind::any ? Kind::any
                                                                                : Kind::at_least);
        program_.code[at].argument = expression.number;
        for (const Expression& child : expression.children) emit(child, leaf);
        end(at);
        if (program_.code[at].kind == Kind::any) gather_atoms(at);
    }

    /// Replaces the single atoms right under an `any` by one list for each field and phase, so that
    /// a list of 4,000 values costs what one does.
    void gather_atoms(std::size_t at) {
        std::map<std::pair<std::uint16_t, Phase>, std::vector<std::uint32_t>> lists;
        std::vector<Program::Code> rest;
        for (std::size_t i = at + 1; i < program_.code.size();) {
            const Program::Code& child = program_.code[i];
            const std::size_t next = child.end;
            if (child.kind == Kind::atom)
                lists[{child.field, child.phase}].push_back(child.argument);
            else if (child.kind == Kind::atoms)
                take(lists[{child.field, child.phase}], child);
            else
                keep(rest, i, next);
            i = next;
        }
        if (lists.empty()) return;
        program_.code.resize(at + 1);
        for (auto& [place, atoms] : lists) {
            std::ranges::sort(atoms);
            atoms.erase(std::unique(atoms.begin(), atoms.end()), atoms.end());
            Program::Code code;
            code.kind = atoms.size() == 1 ? Kind::atom : Kind::atoms;
            std::tie(code.field, code.phase) = place;
            code.count = static_cast<std::uint32_t>(atoms.size());
            code.argument =
                atoms.size() == 1 ? atoms[0] : static_cast<std::uint32_t>(program_.lists.size());
            if (atoms.size() > 1)
                program_.lists.insert(program_.lists.end(), atoms.begin(), atoms.end());
            code.end = static_cast<std::uint32_t>(program_.code.size() + 1);
            program_.code.push_back(code);
        }
        const auto shift = static_cast<std::uint32_t>(program_.code.size());
        for (Program::Code code : rest) {
            code.end += shift;
            program_.code.push_back(code);
        }
        end(at);
    }

    void take(std::vector<std::uint32_t>& atoms, const Program::Code& list) const {
        const auto first = program_.lists.begin() + list.argument;
        atoms.insert(atoms.end(), first, first + list.count);
    }

    /// Copies code aside with ends counted from the start of `rest`.
    void keep(std::vector<Program::Code>& rest, std::size_t from, std::size_t to) const {
        const auto base = static_cast<std::uint32_t>(rest.size());
        for (std::size_t i = from; i < to; ++i) {
            Program::Code code = program_.code[i];
            code.end = code.end - static_cast<std::uint32_t>(from) + base;
            rest.push_back(code);
        }
    }

    void emit_predicate(std::uint32_t p) {
        const Interned& interned = intern(rule_->predicates[p]);
        if (interned.test != none) {
            const std::size_t at = begin(Kind::test);
            program_.code[at].argument = interned.test;
            end(at);
            return;
        }
        const std::size_t at = begin(Kind::atom);
        program_.code[at].argument = interned.atom;
        program_.code[at].field = program_.atoms[interned.atom].field;
        program_.code[at].phase = program_.atoms[interned.atom].phase;
        end(at);
    }

    Cover cover_of(const Predicate& predicate) {
        const std::uint32_t hint = intern(predicate).hint;
        if (hint == none) return {};
        return {true, weights_[hint], {hint}};
    }

    template <class Leaf>
    Cover cover(const Expression& expression, Leaf&& leaf) {
        if (expression.kind == Expression::Kind::leaf) return leaf(expression.number);
        if (expression.kind == Expression::Kind::negation) return {};
        Cover out;
        if (expression.kind == Expression::Kind::all) {
            for (const Expression& child : expression.children) {
                Cover one = cover(child, leaf);
                if (one.exists && (!out.exists || one.cost < out.cost)) out = std::move(one);
            }
            return out;
        }
        out.exists = true;
        for (const Expression& child : expression.children) {
            Cover one = cover(child, leaf);
            if (!one.exists) return {};
            out.cost += one.cost;
            out.atoms.insert(out.atoms.end(), one.atoms.begin(), one.atoms.end());
        }
        std::ranges::sort(out.atoms);
        out.atoms.erase(std::unique(out.atoms.begin(), out.atoms.end()), out.atoms.end());
        return out;
    }

    void file_pivots() {
        auto& start = program_.waiting_start;
        start.assign(program_.atoms.size() + 1, 0);
        for (const auto& pivot : program_.pivots)
            for (const std::uint32_t atom : pivot) ++start[atom + 1];
        for (std::size_t i = 1; i < start.size(); ++i) start[i] += start[i - 1];
        program_.waiting.resize(start.back());
        auto next = start;
        for (std::uint32_t policy = 0; policy < program_.pivots.size(); ++policy)
            for (const std::uint32_t atom : program_.pivots[policy])
                program_.waiting[next[atom]++] = policy;
    }

    Program program_;
    std::unordered_map<std::string, std::size_t> fields_;
    std::unordered_map<std::string, std::uint32_t> scan_atoms_;
    std::unordered_map<std::uint32_t, std::size_t> lengths_;  // of the literals of scan atoms
    std::unordered_map<std::string, Interned> interned_;
    std::vector<double> weights_;
    const Rule* rule_ = nullptr;
    std::size_t first_selection_ = 0;
    std::uint32_t never_ = none;
};

}  // namespace

std::unique_ptr<const Program> Program::compile(
    std::span<const std::unique_ptr<const Rule>> rules) {
    return Compiler().compile(rules);
}

}  // namespace policy
