#include "registry/terms.hpp"

#include "registry/registry.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace registry {
namespace {

constexpr std::size_t places = std::tuple_size_v<ParameterValues>;
constexpr std::uint64_t greatest = std::uint64_t{1} << 53;  // compared with reals without rounding

struct Parameter {
    std::string_view name;
    std::string_view value;
};

std::optional<Parameter> split(std::string_view text) noexcept {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals + 1 == text.size()) return std::nullopt;
    return Parameter{text.substr(0, equals), text.substr(equals + 1)};
}

std::optional<std::size_t> place_of(std::string_view name) noexcept {
    for (std::size_t place = 0; place < places; ++place)
        if (call::name(parameter_field(place)) == name) return place;
    return std::nullopt;
}

bool has_globs(std::size_t place) noexcept {
    return place < glob_parameters.size();
}

std::optional<std::uint64_t> most_of(std::string_view text) noexcept {
    std::uint64_t out = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (fault != std::errc{} || end != text.data() + text.size() || out > greatest)
        return std::nullopt;
    return out;
}

/// The name comes from a stranger's file: shown only when it is harmless and short.
std::string shown(std::string_view name) {
    const bool plain =
        name.size() <= 64 && std::ranges::all_of(name, [](char c) { return c > 0x20 && c < 0x7f; });
    return plain ? std::string(name) : std::string("of that name");
}

std::string known_names() {
    std::string out;
    for (std::size_t place = 0; place < places; ++place)
        out.append(out.empty() ? "" : ", ").append(call::name(parameter_field(place)));
    return out;
}

/// A number that is written as one; nothing for what cannot be compared.
std::optional<bool> above(const call::Value& value, std::uint64_t most) noexcept {
    using Kind = call::Value::Kind;
    double real = 0;
    switch (value.kind()) {
        case Kind::integer:
            return value.integer() > 0 && static_cast<std::uint64_t>(value.integer()) > most;
        case Kind::big_integer:
            return true;  // above INT64_MAX
        case Kind::real:
            real = value.real();
            break;
        case Kind::text: {
            const auto text = value.text();
            const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), real);
            if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
            break;
        }
        default:
            return std::nullopt;
    }
    if (!std::isfinite(real)) return std::nullopt;
    return real > static_cast<double>(most);
}

Fit fit_value(std::span<const std::string> globs, const call::Value& value) noexcept {
    // Names are texts; what else stands there shows nothing.
    if (!value.is_text() || value.text().empty()) return Fit::maybe;
    const bool covered = std::ranges::any_of(
        globs, [&](const std::string& glob) { return glob_matches(glob, value.text()); });
    return covered ? Fit::yes : Fit::no;
}

Fit fit_value(std::uint64_t most, const call::Value& value) noexcept {
    const auto outside = above(value, most);
    if (!outside) return Fit::maybe;
    return *outside ? Fit::no : Fit::yes;
}

/// One verdict for all values of a field, where they agree.
template <class Limit>
Fit fit_all(const Limit& limit, const call::Value& value) noexcept {
    std::optional<Fit> out;
    for (const call::Value& one : value.each()) {
        const Fit fits = fit_value(limit, one);
        if (out && *out != fits) return Fit::maybe;
        out = fits;
    }
    return out.value_or(Fit::maybe);
}

}  // namespace

std::optional<std::string> parameter_problem(std::span<const std::string> parameters) {
    std::array<bool, places> limited{};
    for (const std::string& text : parameters) {
        const auto parameter = split(text);
        if (!parameter) return "holds what is not name=value, such as gen_ai.request.model=small-*";
        const auto place = place_of(parameter->name);
        if (!place)
            return "no parameter " + shown(parameter->name) + " can be tested; write one of " +
                   known_names();
        if (has_globs(*place)) continue;
        const std::string name(parameter->name);
        if (!most_of(parameter->value))
            return name + " needs the greatest value of one call, a whole number of at most 2^53";
        if (std::exchange(limited[*place], true)) return name + " stands twice";
    }
    return std::nullopt;
}

Terms Terms::of(std::span<const std::string> parameters) {
    Terms out;
    for (const std::string& text : parameters) {
        const auto parameter = split(text);
        const auto place = parameter ? place_of(parameter->name) : std::nullopt;
        if (!place) continue;
        const auto most =
            has_globs(*place) ? std::optional<std::uint64_t>{0} : most_of(parameter->value);
        if (!most) continue;
        auto found = std::ranges::find(out.terms_, *place, &Term::place);
        if (found == out.terms_.end()) found = out.terms_.insert(found, Term{.place = *place});
        if (has_globs(*place)) found->globs.emplace_back(parameter->value);
        found->most = std::max(found->most, *most);
    }
    return out;
}

Fit Terms::fit_one(const Term& term, const call::Value& value) noexcept {
    return has_globs(term.place) ? fit_all(std::span<const std::string>(term.globs), value)
                                 : fit_all(term.most, value);
}

Fit Terms::fit(const ParameterValues& values) const noexcept {
    Fit out = Fit::yes;
    for (const Term& term : terms_) out = std::min(out, fit_one(term, values[term.place]));
    return out;
}

void Terms::mark(std::array<bool, places>& read) const noexcept {
    for (const Term& term : terms_) read[term.place] = true;
}

}  // namespace registry
