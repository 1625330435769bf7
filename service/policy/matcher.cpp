#include "policy/matcher.hpp"

#include "base/assert.hpp"
#include "policy/explain.hpp"
#include "policy/state.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace policy {
namespace {

constexpr std::size_t few_atoms = 8;  // a list this short is walked, a longer one searched

/// Whether a value, or an element of a list, has a text: call::scalar_text without making it.
bool has_text(const call::Value& value) noexcept {
    using Kind = call::Value::Kind;
    return std::ranges::any_of(value.each(), [](const call::Value& one) {
        return one.kind() != Kind::null && one.kind() != Kind::object;
    });
}

bool is_cut(std::span<const Element> elements) noexcept {
    return std::ranges::any_of(elements, [](const Element& element) {
        return element.has_text && element.text.size() > most_regex_bytes;
    });
}

}  // namespace

Matcher::State::State(std::shared_ptr<const Set> set, std::shared_ptr<const call::Names> names,
                      bool ignore_log_source)
    : set_(std::move(set)),
      program_(set_->program()),
      names_(std::move(names)),
      ignore_log_source_(ignore_log_source),
      fields_(program_.fields.size()),
      atoms_(program_.atoms.size()),
      rules_(set_->policies().size()),
      selections_(program_.selections.size()),
      tests_(program_.tests.size()) {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        fields_[i].slot = names_->find(program_.fields[i].name);
        BASE_ASSERT(fields_[i].slot != call::no_slot);  // the names have not been through want()
    }
}

Route Matcher::State::route(const LogSource& source) {
    const auto [found, fresh] = routes_.try_emplace(source, static_cast<Route>(ways_.size()));
    if (fresh) ways_.push_back(make_way(source));
    return found->second;
}

Matcher::State::Way Matcher::State::make_way(const LogSource& source) const {
    Way way;
    way.inside.resize(rules_.size());
    std::vector<Entrance> entrances(fields_.size());
    for (PolicyIndex policy = 0; policy < rules_.size(); ++policy) {
        if (program_.conditions[policy] == Program::none) continue;
        if (!ignore_log_source_ && !mismatches(set_->policies()[policy].log_source, source).empty())
            continue;
        way.inside[policy] = 1;
        if (program_.pivots[policy].empty()) way.always.push_back(policy);
        for (const std::uint32_t atom : program_.pivots[policy]) {
            const Program::Atom& pivot = program_.atoms[atom];
            Entrance& entrance = entrances[pivot.field];
            entrance.presence |= pivot.phase == Phase::presence;
            entrance.equality |= pivot.phase == Phase::equality;
            entrance.scan |= pivot.phase == Phase::scan;
        }
    }
    for (std::uint16_t field = 0; field < entrances.size(); ++field) {
        Entrance& entrance = entrances[field];
        if (!entrance.presence && !entrance.equality && !entrance.scan) continue;
        entrance.field = field;
        entrance.slot = fields_[field].slot;
        way.entrances.push_back(entrance);
    }
    std::ranges::sort(way.entrances, {}, &Entrance::slot);
    return way;
}

const call::Value& Matcher::State::value_of(const Field& field) const {
    return call_->at(field.slot);
}

void Matcher::State::admit(const Way& way, PolicyIndex policy) {
    if (way.inside[policy] == 0 || rules_[policy] == epoch_) return;
    rules_[policy] = epoch_;
    candidates_.push_back(policy);
}

void Matcher::State::admit_waiting(const Way& way, std::uint32_t atom) {
    const std::uint32_t end = program_.waiting_start[atom + 1];
    for (std::uint32_t i = program_.waiting_start[atom]; i < end; ++i)
        admit(way, program_.waiting[i]);
}

void Matcher::State::enter(const Way& way, const Entrance& entrance) {
    Field& field = fields_[entrance.field];
    if (call_->at(entrance.slot).absent()) return;
    if (entrance.presence) admit_waiting(way, program_.fields[entrance.field].present);
    if (entrance.equality) {
        compare(entrance.field);
        for (const std::uint32_t atom : field.equal) admit_waiting(way, atom);
    }
    if (entrance.scan) {
        scan(entrance.field);
        for (const std::uint32_t atom : field.found) admit_waiting(way, atom);
    }
}

void Matcher::State::next_epoch() {
    if (++epoch_ < (1u << 31)) return;
    epoch_ = 1;
    for (auto* memory : {&atoms_, &rules_, &selections_, &tests_}) std::ranges::fill(*memory, 0u);
    for (Field& field : fields_) field.loaded = field.compared = field.scanned = 0;
}

void Matcher::State::match(const call::Call& call, Route route, std::vector<PolicyIndex>& out) {
    BASE_ASSERT(&call.names() == names_.get() || call.names().size() >= names_->size());
    out.clear();
    next_epoch();
    call_ = &call;
    const Way& way = ways_[static_cast<std::size_t>(route)];
    candidates_.clear();
    for (const Entrance& entrance : way.entrances) enter(way, entrance);
    candidates_.insert(candidates_.end(), way.always.begin(), way.always.end());
    for (const PolicyIndex policy : candidates_) {
        if (!suspended_.empty() && suspended_[policy]) continue;
        current_ = policy;
        if (run(program_.conditions[policy])) out.push_back(policy);
    }
    std::ranges::sort(out);
    call_ = nullptr;
}

bool Matcher::State::run_atom(const Program::Code& code) {
    if (code.phase == Phase::presence) return !value_of(fields_[code.field]).absent();
    resolve(code.field, code.phase);
    return atoms_[code.argument] == epoch_;
}

bool Matcher::State::run(std::uint32_t at) {
    const Program::Code* const all_code = program_.code.data();
    const Program::Code& code = all_code[at];
    // Most children are single atoms: they need no call of their own.
    const auto holds = [&](std::uint32_t child) {
        return all_code[child].kind == Program::Kind::atom ? run_atom(all_code[child]) : run(child);
    };
    switch (code.kind) {
        case Program::Kind::all:
            for (std::uint32_t i = at + 1; i < code.end; i = all_code[i].end)
                if (!holds(i)) return false;
            return true;
        case Program::Kind::any:
            for (std::uint32_t i = at + 1; i < code.end; i = all_code[i].end)
                if (holds(i)) return true;
            return false;
        case Program::Kind::at_least: {
            std::uint32_t held = 0;
            for (std::uint32_t i = at + 1; i < code.end; i = all_code[i].end)
                if (holds(i) && ++held == code.argument) return true;
            return false;
        }
        case Program::Kind::negation:
            return !holds(at + 1);
        case Program::Kind::selection:
            return run_selection(code.argument);
        case Program::Kind::atom:
            return run_atom(code);
        case Program::Kind::atoms:
            return run_atoms(code);
        case Program::Kind::test:
            return run_test(code.argument);
    }
    return false;
}

bool Matcher::State::run_atoms(const Program::Code& code) {
    resolve(code.field, code.phase);
    const std::span list(program_.lists.data() + code.argument, code.count);
    if (list.size() <= few_atoms)
        return std::ranges::any_of(list,
                                   [&](std::uint32_t atom) { return atoms_[atom] == epoch_; });
    const Field& field = fields_[code.field];
    const auto& held = code.phase == Phase::scan ? field.found : field.equal;
    return std::ranges::any_of(
        held, [&](std::uint32_t atom) { return std::ranges::binary_search(list, atom); });
}

bool Matcher::State::run_selection(std::uint32_t selection) {
    if (selections_[selection] >> 1 == epoch_) return (selections_[selection] & 1) != 0;
    const bool held = run(program_.selections[selection]);
    selections_[selection] = epoch_ << 1 | (held ? 1u : 0u);
    return held;
}

bool Matcher::State::try_test(const Program::Test& test) {
    Field& field = fields_[test.field];
    const call::Value& value = value_of(field);
    if (test.needs == Program::Needs::any_text) return has_text(value);
    if (test.needs == Program::Needs::value) return holds(test.predicate, value);
    const auto elements = load(field);
    std::span<const Element> other;
    if (test.predicate.refers_to_field()) other = load(fields_[test.other]);
    const Busy::Turn turn(busy_, current_);
    const bool held = holds(test.predicate, value, elements, other);
    if (!held && test.predicate.op == Predicate::Op::regex && is_cut(elements)) ++cut_;
    return held;
}

bool Matcher::State::run_test(std::uint32_t t) {
    if (tests_[t] >> 1 == epoch_) return (tests_[t] & 1) != 0;
    const bool held = try_test(program_.tests[t]);
    tests_[t] = epoch_ << 1 | (held ? 1u : 0u);
    return held;
}

Matcher::Matcher(std::shared_ptr<const Set> set, std::shared_ptr<const call::Names> names,
                 bool ignore_log_source)
    : state_(std::make_unique<State>(std::move(set), std::move(names), ignore_log_source)) {}

Matcher::~Matcher() = default;
Matcher::Matcher(Matcher&&) noexcept = default;
Matcher& Matcher::operator=(Matcher&&) noexcept = default;

Route Matcher::route(const LogSource& source) {
    return state_->route(source);
}

void Matcher::match(const call::Call& call, Route route, std::vector<PolicyIndex>& out) {
    state_->match(call, route, out);
}

std::uint64_t Matcher::cut() const noexcept {
    return state_->cut();
}

void Matcher::watch(Busy* busy) noexcept {
    state_->watch(busy);
}

void Matcher::suspend(std::vector<bool> policies) {
    state_->suspend(std::move(policies));
}

}  // namespace policy
