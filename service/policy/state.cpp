#include "policy/state.hpp"

#include "policy/fold.hpp"

#include <algorithm>
#include <cstring>

/// How a Matcher finds out which atoms hold: each field is compared and searched once a call, for
/// the literals of all rules.
namespace policy {
namespace {

bool is_ascii(std::string_view text) noexcept {
    std::uint64_t seen = 0;
    std::size_t at = 0;
    for (std::uint64_t word = 0; at + sizeof word <= text.size(); at += sizeof word) {
        std::memcpy(&word, text.data() + at, sizeof word);
        seen |= word;
    }
    for (; at < text.size(); ++at) seen |= static_cast<unsigned char>(text[at]);
    return (seen & 0x8080808080808080u) == 0;
}

}  // namespace

std::span<const Element> Matcher::State::load(Field& field) {
    if (field.loaded != epoch_) {
        field.loaded = epoch_;
        field.elements.fill(value_of(field));
    }
    return field.elements.all();
}

void Matcher::State::hold(std::uint32_t atom, std::vector<std::uint32_t>& list) {
    if (atoms_[atom] == epoch_) return;
    atoms_[atom] = epoch_;
    list.push_back(atom);
}

void Matcher::State::compare_text(const Program::Field& known, std::string_view text,
                                  Field& field) {
    const bool booleans = known.booleans[0] != Program::none || known.booleans[1] != Program::none;
    const std::size_t shape = Program::shape(text);
    const bool known_shape = (known.shapes[shape / 64] >> (shape % 64) & 1) != 0;
    if (!known_shape && !booleans && is_ascii(text)) return;
    folded_.clear();
    fold(text, folded_);
    if (const auto found = known.texts.find(std::string_view(folded_)); found != known.texts.end())
        hold(found->second, field.equal);
    for (const std::size_t flag : {std::size_t{0}, std::size_t{1}})
        if (known.booleans[flag] != Program::none && folded_ == (flag == 1 ? "true" : "false"))
            hold(known.booleans[flag], field.equal);
}

void Matcher::State::compare_number(const Program::Field& known, const call::Value& value,
                                    Field& field) {
    if (known.numbers.empty()) return;
    const auto number = Number::of(value);
    if (!number) return;
    if (known.few_numbers.empty()) {
        const auto found = known.numbers.find(*number);
        if (found != known.numbers.end()) hold(found->second, field.equal);
        return;
    }
    for (const auto& [wanted, atom] : known.few_numbers)
        if (wanted == *number) return hold(atom, field.equal);
}

void Matcher::State::compare(const Program::Field& known, const call::Value& value, Field& field) {
    using Kind = call::Value::Kind;
    if (value.kind() == Kind::boolean) {
        if (const auto atom = known.booleans[value.boolean() ? 1 : 0]; atom != Program::none)
            hold(atom, field.equal);
    } else {
        compare_number(known, value, field);
    }
    // A number's text is wanted only where a rule put a number in quotes.
    const bool texts = value.is_text() || !known.texts.empty();
    std::string_view text;
    if (!texts || !call::scalar_text(value, scratch_, text)) return;
    if (value.is_text()) return compare_text(known, text, field);
    const auto found = known.texts.find(text);
    if (found != known.texts.end()) hold(found->second, field.equal);
}

void Matcher::State::compare(std::uint16_t f) {
    Field& field = fields_[f];
    if (field.compared == epoch_) return;
    field.compared = epoch_;
    field.equal.clear();
    for (const call::Value& value : value_of(field).each())
        compare(program_.fields[f], value, field);
}

void Matcher::State::scan(std::uint16_t f) {
    Field& field = fields_[f];
    if (field.scanned == epoch_) return;
    field.scanned = epoch_;
    field.found.clear();
    const Scanner& scanner = program_.fields[f].scanner;
    for (const Element& element : load(field))
        if (element.has_text)
            scanner.scan(element.folded, [&](std::uint32_t atom) { hold(atom, field.found); });
}

void Matcher::State::resolve(std::uint16_t field, Phase phase) {
    if (phase == Phase::equality) compare(field);
    if (phase == Phase::scan) scan(field);
}

}  // namespace policy
