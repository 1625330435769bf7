#include "rollup/measure.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace rollup {
namespace {

using call::Field;
using call::Value;

constexpr std::size_t max_refusals = 4'096;
constexpr std::size_t max_error_bytes = 128;

/// A number of the call, zero when there is none. Some formats log numbers as text.
double number(const Value& value) noexcept {
    switch (value.kind()) {
        case Value::Kind::integer:
            return static_cast<double>(value.integer());
        case Value::Kind::big_integer:
            return static_cast<double>(value.big_integer());
        case Value::Kind::real:
            return value.real();
        case Value::Kind::text: {
            const auto text = value.text();
            double out = 0;
            const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
            return fault == std::errc{} && end == text.data() + text.size() ? out : 0;
        }
        default:
            return 0;
    }
}

/// A quantity: finite and not negative. What no call can have moved (10^15) is a broken log line.
double quantity(const Value& value) noexcept {
    const double out = number(value);
    return std::isfinite(out) && out > 0 && out <= 1e15 ? out : 0;
}

std::uint64_t count(const Value& value) noexcept {
    if (value.absent()) return 0;
    if (value.kind() == Value::Kind::integer) {
        const std::int64_t out = value.integer();
        return out > 0 && out <= 1'000'000'000'000'000 ? static_cast<std::uint64_t>(out) : 0;
    }
    return static_cast<std::uint64_t>(std::llround(quantity(value)));
}

const Value& at(const call::Call& call, call::Slot slot) noexcept {
    static constexpr Value absent;
    return slot == call::no_slot ? absent : call.at(slot);
}

}  // namespace

bool is_refusal(std::string_view error) noexcept {
    static constexpr std::array<std::string_view, 14> words = {"denied",
                                                               "unauthor",
                                                               "unauthenticated",
                                                               "forbidden",
                                                               "permission",
                                                               "notallowed",
                                                               "notpermitted",
                                                               "notentitled",
                                                               "authfailure",
                                                               "authenticationfailed",
                                                               "unsupportedfeature",
                                                               "invalidclienttoken",
                                                               "signaturedoesnotmatch",
                                                               "unrecognizedclient"};
    static constexpr std::array<std::string_view, 4> more = {"invalidaccesskey", "expiredtoken",
                                                             "invalidapikey", "optinrequired"};
    std::array<char, max_error_bytes> room{};
    std::size_t size = 0;
    for (const char c : error) {
        if (size == room.size()) break;
        if (c == '_' || c == ' ' || c == '-' || c == '.') continue;  // PERMISSION_DENIED too
        room[size++] = base::ascii::lower(c);
    }
    const std::string_view text(room.data(), size);
    const auto inside = [&](std::string_view word) {
        return text.find(word) != std::string_view::npos;
    };
    return std::ranges::any_of(words, inside) || std::ranges::any_of(more, inside);
}

Measure::Measure(const call::Names& names, std::uint64_t seed)
    : status_id_(names.slot(Field::status_id)),
      http_status_(names.slot(Field::http_status)),
      error_(names.slot(Field::error)),
      request_bytes_(names.slot(Field::http_request_bytes)),
      response_bytes_(names.slot(Field::http_response_bytes)),
      units_(names.slot(Field::units)),
      input_tokens_(names.slot(Field::input_tokens)),
      output_tokens_(names.slot(Field::output_tokens)),
      refusals_(seed) {}

void Measure::want(call::Names& names) {
    for (const Field field :
         {Field::status_id, Field::http_status, Field::error, Field::http_request_bytes,
          Field::http_response_bytes, Field::units, Field::input_tokens, Field::output_tokens})
        names.add(field);
}

Measure::Outcome Measure::outcome(const call::Call& call, std::int64_t http_status) const {
    const Value& status = at(call, status_id_);
    if (status.kind() == Value::Kind::integer) {
        if (status.integer() == 1) return Outcome::ok;
        if (status.integer() == 2) return Outcome::failed;
    }
    if (http_status <= 0) return Outcome::unknown;
    return http_status < 400 ? Outcome::ok : Outcome::failed;
}

bool Measure::denied(const call::Call& call, std::int64_t http_status) {
    if (http_status == 401 || http_status == 403) return true;
    const std::string_view error = at(call, error_).text_or_empty();
    if (error.empty()) return false;
    if (const bool* found = refusals_.find(error)) return *found;
    if (refusals_.size() >= max_refusals) refusals_.clear();
    return refusals_.add(error) = is_refusal(error);
}

Sums Measure::operator()(const call::Call& call) {
    Sums out;
    out.calls = 1;
    const auto http_status = static_cast<std::int64_t>(count(at(call, http_status_)));
    switch (outcome(call, http_status)) {
        case Outcome::ok:
            out.ok = 1;
            break;
        case Outcome::failed:
            out.failed = 1;
            out.denied = denied(call, http_status) ? 1 : 0;
            break;
        case Outcome::unknown:
            break;
    }
    out.request_bytes = count(at(call, request_bytes_));
    out.response_bytes = count(at(call, response_bytes_));
    out.units = quantity(at(call, units_));
    out.input_tokens = count(at(call, input_tokens_));
    out.output_tokens = count(at(call, output_tokens_));
    return out;
}

}  // namespace rollup
