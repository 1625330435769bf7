#include "decode/steps.hpp"

#include "base/ascii.hpp"
#include "call/address.hpp"
#include "decode/path_trie.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace decode {
namespace {

namespace ascii = base::ascii;

std::size_t find_any_case(std::string_view text, std::string_view wanted) {
    for (std::size_t at = 0; at + wanted.size() <= text.size(); ++at) {
        std::size_t same = 0;
        while (same < wanted.size() && ascii::lower(text[at + same]) == ascii::lower(wanted[same]))
            ++same;
        if (same == wanted.size()) return at;
    }
    return std::string_view::npos;
}

bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// 1.2.3.4:80, [2001:db8::1]:80, [2001:db8::1]: the host and the port, which may be empty.
std::pair<std::string_view, std::string_view> host_and_port(std::string_view text) {
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) return {text, {}};
        const std::string_view rest = text.substr(close + 1);
        return {text.substr(1, close - 1), rest.starts_with(':') ? rest.substr(1) : rest};
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
        return {text, {}};  // No port, or an IPv6 address without brackets.
    }
    return {text.substr(0, colon), text.substr(colon + 1)};
}

/// What call::parse_address takes as IPv4, without what it makes of it: most sources are that.
bool is_dotted_quad(std::string_view text) {
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto digit = [&] { return at == end ? 10u : static_cast<unsigned>(*at - '0'); };
    for (int part = 0;; ++part) {
        unsigned number = digit();
        if (number > 9) return false;
        ++at;
        // Two more digits at most, and none behind a zero.
        for (int more = 0; more < 2 && digit() <= 9; ++more, ++at) {
            if (number == 0) return false;
            number = number * 10 + digit();
        }
        if (number > 255) return false;
        if (part == 3) return at == end;
        if (at == end || *at++ != '.') return false;
    }
}

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (ascii::lower(c) >= 'a' && ascii::lower(c) <= 'f')
        return static_cast<unsigned>(ascii::lower(c) - 'a') + 10;
    return {};
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            const auto high = hex_digit(text[i + 1]);
            const auto low = hex_digit(text[i + 2]);
            if (high && low) {
                out += static_cast<char>(*high * 16 + *low);
                i += 2;
                continue;
            }
        }
        out += text[i];
    }
    return out;
}

bool scaled(double factor, call::Value& value) {
    call::Value number;
    if (!to_number(value, number)) return false;
    const double result =
        (number.kind() == call::Value::Kind::real ? number.real()
                                                  : static_cast<double>(number.integer())) *
        factor;
    if (!std::isfinite(result)) return false;
    // Thousandths are as fine as any duration here; what is whole stays an integer.
    const double rounded = std::round(result * 1e3) / 1e3;
    value = rounded == std::floor(rounded) && std::abs(rounded) < 9e15
                ? call::Value::of(static_cast<std::int64_t>(rounded))
                : call::Value::of(rounded);
    return true;
}

/// The constant of a table for a text, or null.
const Constant* row_of(const Step& step, std::string_view text) {
    auto found = step.table.end();
    if (step.kind == Step::Kind::map) {
        found = step.table.find(text);
    } else {
        // Prefixes of a text are not greater than it, and the longest is the nearest.
        for (auto row = step.table.upper_bound(text); row != step.table.begin();) {
            --row;
            if (text.starts_with(row->first)) {
                found = row;
                break;
            }
            if (text.empty() || row->first.empty() || row->first[0] < text[0]) break;
        }
    }
    if (found == step.table.end()) found = step.table.find(std::string_view("*"));
    return found == step.table.end() ? nullptr : &found->second;
}

constexpr std::size_t memo_size = 256;

}  // namespace

call::Value value_of(const Constant& constant) noexcept {
    if (const auto* number = std::get_if<std::int64_t>(&constant)) return call::Value::of(*number);
    if (const auto* flag = std::get_if<bool>(&constant)) return call::Value::of(*flag);
    return call::Value::of(std::string_view(std::get<std::string>(constant)));
}

bool to_number(const call::Value& value, call::Value& out) noexcept {
    switch (value.kind()) {
        case call::Value::Kind::integer:
        case call::Value::Kind::big_integer:
            out = value;
            return true;
        case call::Value::Kind::real:
            out = value.real() == std::floor(value.real()) && std::abs(value.real()) < 9e15
                      ? call::Value::of(static_cast<std::int64_t>(value.real()))
                      : value;
            return true;
        case call::Value::Kind::text:
            break;
        default:
            return false;
    }
    const std::string_view text = ascii::trimmed(value.text(), ascii::is_blank);
    const char* end = text.data() + text.size();
    std::int64_t whole = 0;
    if (const auto [stop, fault] = std::from_chars(text.data(), end, whole);
        fault == std::errc{} && stop == end && !text.empty()) {
        out = call::Value::of(whole);
        return true;
    }
    double real = 0;
    if (const auto [stop, fault] = std::from_chars(text.data(), end, real);
        fault == std::errc{} && stop == end && std::isfinite(real)) {
        return to_number(call::Value::of(real), out);
    }
    return false;
}

std::string_view StepRunner::text_of(const call::Value& value) {
    if (value.kind() == call::Value::Kind::text) return value.text();
    std::string scratch;
    std::string_view out;
    if (!call::scalar_text(value, scratch, out)) return {};
    return hold(std::string(out));
}

bool StepRunner::run(std::span<const Step> steps, call::Value& value) {
    for (const Step& step : steps) {
        if (!run(step, value)) return false;
    }
    return true;
}

bool StepRunner::run(const Step& step, call::Value& value) {
    if (value.kind() == call::Value::Kind::list) {
        std::vector<call::Value> out;
        for (call::Value element : value.list()) {
            if (run(step, element)) out.push_back(element);
        }
        if (out.empty()) return false;
        lists_.push_back(std::move(out));
        value = call::Value::of(std::span<const call::Value>(lists_.back()));
        return true;
    }
    if (step.kind == Step::Kind::times) return scaled(step.factor, value);
    return run_text(step, text_of(value), value);
}

bool StepRunner::run_text(const Step& step, std::string_view text, call::Value& value) {
    const auto give = [&](std::string_view result) {
        value = call::Value::of(result);
        return !result.empty();
    };
    switch (step.kind) {
        case Step::Kind::lower:
        case Step::Kind::upper: {
            std::string out(text);
            for (char& c : out) {
                c = step.kind == Step::Kind::lower ? ascii::lower(c)
                    : c >= 'a' && c <= 'z'         ? static_cast<char>(c & ~0x20)
                                                   : c;
            }
            return give(hold(std::move(out)));
        }
        case Step::Kind::address:
            return address(text, value);
        case Step::Kind::not_address: {
            call::Value ignored;
            const bool before = met_bad_address_;
            const bool is_address = address(text, ignored);
            met_bad_address_ = before;
            return !is_address && give(text);
        }
        case Step::Kind::addresses:
            return addresses(text, value);
        case Step::Kind::port: {
            const auto port = host_and_port(text).second;
            return all_digits(port) && port.size() <= 5 && give(port);
        }
        case Step::Kind::first:
            return give(ascii::trimmed(text.substr(0, text.find(',')), ascii::is_blank));
        case Step::Kind::last_segment:
            return give(text.substr(text.rfind('/') + 1));
        case Step::Kind::percent_decode:
            return give(hold(percent_decoded(text)));
        case Step::Kind::http_outcome: {
            call::Value number;
            if (!to_number(value, number) || number.kind() != call::Value::Kind::integer)
                return false;
            if (number.integer() <= 0) return false;
            value = call::Value::of(std::int64_t{number.integer() < 400 ? 1 : 2});
            return true;
        }
        case Step::Kind::after: {
            const std::size_t at = find_any_case(text, step.text);
            return at != std::string_view::npos && give(text.substr(at + step.text.size()));
        }
        case Step::Kind::before:
            return give(text.substr(0, text.find(step.text)));
        case Step::Kind::starts:
            return text.starts_with(step.text) && give(text);
        case Step::Kind::map:
        case Step::Kind::prefixes:
            return look_up(step, text, value);
        case Step::Kind::times:
            break;
    }
    return false;
}

bool StepRunner::look_up(const Step& step, std::string_view text, call::Value& value) {
    const auto give = [&](const Constant* found) {
        if (found != nullptr) value = value_of(*found);
        return found != nullptr;
    };
    if (text.size() > sizeof(LookedUp::text)) return give(row_of(step, text));
    if (looked_up_.empty()) looked_up_.resize(memo_size);
    const KeySignature signature = KeySignature::of(text);
    const std::uint64_t mixed =
        (signature.head ^ (signature.tail * 0x9e37'79b9'7f4a'7c15u) ^ text.size()) *
        0xff51'afd7'ed55'8ccdu;
    LookedUp& memo = looked_up_[mixed >> 56];
    if (memo.step != &step || std::string_view(memo.text.data(), memo.size) != text) {
        memo.step = &step;
        memo.found = row_of(step, text);
        memo.size = text.size();
        std::ranges::copy(text, memo.text.begin());
    }
    return give(memo.found);
}

bool StepRunner::address(std::string_view text, call::Value& value) {
    if (text.data() != last_address_.data() || text.size() != last_address_.size()) {
        call::Value result;
        if (!read_address(text, result)) result = {};
        last_address_ = text;
        last_result_ = result;
    }
    if (last_result_.absent()) {
        met_bad_address_ = true;
        return false;
    }
    value = last_result_;
    return true;
}

bool StepRunner::read_address(std::string_view text, call::Value& value) {
    text = ascii::trimmed(text, ascii::is_blank);
    if (is_dotted_quad(text)) {
        value = call::Value::of(text);  // They are their own normal form.
        return true;
    }
    auto parsed = call::parse_address(text);
    if (!parsed) {
        const auto [host, port] = host_and_port(text);
        if (port.empty() || all_digits(port)) parsed = call::parse_address(host);
    }
    if (!parsed) return false;
    value = call::Value::of(hold(call::to_text(call::unmapped(*parsed))));
    return true;
}

bool StepRunner::addresses(std::string_view text, call::Value& value) {
    std::vector<call::Value> out;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        call::Value element;
        const bool before = met_bad_address_;
        if (address(text.substr(0, comma), element)) out.push_back(element);
        met_bad_address_ = before;
        text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    }
    if (out.empty()) return false;
    lists_.push_back(std::move(out));
    value = call::Value::of(std::span<const call::Value>(lists_.back()));
    return true;
}

}  // namespace decode
