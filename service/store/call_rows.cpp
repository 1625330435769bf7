#include "store/call_rows.hpp"

#include "call/address.hpp"
#include "store/call_columns.hpp"
#include "store/copy_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

namespace store {
namespace {

using call::Field;

/// How a field becomes a column.
enum class As : std::uint8_t { text, key, integer, real, boolean };

struct Column {
    Field field;
    As as;
};

// In the order of call_columns, after its first seven and around the address.
constexpr std::array before_address{
    Column{Field::tenant_uid, As::key},         Column{Field::key_uid, As::key},
    Column{Field::user_uid, As::text},          Column{Field::user_name, As::text},
    Column{Field::user_type, As::text},         Column{Field::cloud_provider, As::text},
    Column{Field::cloud_account_uid, As::text}, Column{Field::cloud_region, As::text},
    Column{Field::service, As::text},           Column{Field::operation, As::text},
    Column{Field::activity_id, As::integer},    Column{Field::http_method, As::text},
    Column{Field::http_url, As::text},          Column{Field::http_host, As::text},
    Column{Field::status_id, As::integer},      Column{Field::http_status, As::integer},
    Column{Field::status_code, As::text},       Column{Field::error, As::text},
    Column{Field::error_message, As::text},
};
constexpr std::array after_address{
    Column{Field::src_asn, As::integer},
    Column{Field::src_as_name, As::text},
    Column{Field::src_country, As::text},
    Column{Field::src_kind, As::text},
    Column{Field::user_agent, As::text},
    Column{Field::ja4, As::text},
    Column{Field::resource_uid, As::text},
    Column{Field::http_request_bytes, As::integer},
    Column{Field::http_response_bytes, As::integer},
    Column{Field::duration, As::real},
    Column{Field::units, As::real},
    Column{Field::model, As::text},
    Column{Field::input_tokens, As::integer},
    Column{Field::output_tokens, As::integer},
    Column{Field::metadata_uid, As::text},
    Column{Field::metadata_correlation_uid, As::text},
    Column{Field::licence_state, As::text},
    Column{Field::origin_place, As::text},
    Column{Field::client_family, As::text},
    Column{Field::client_version, As::text},
    Column{Field::late, As::boolean},
};
constexpr std::size_t max_key_bytes = 600;     // calls_key is a btree
constexpr std::size_t max_text_bytes = 8'192;  // an investigator's column, not an archive

/// The first of several values: a column holds one.
const call::Value& first_of(const call::Value& value) {
    static const call::Value none;
    if (value.kind() != call::Value::Kind::list) return value;
    return value.list().empty() ? none : value.list().front();
}

void put_number(CopyText& out, const call::Value& value, As as) {
    using Kind = call::Value::Kind;
    double real = 0;
    switch (value.kind()) {
        case Kind::integer:
            if (as == As::integer) {
                out.integer(value.integer());
            } else {
                out.real(static_cast<double>(value.integer()));
            }
            return;
        case Kind::big_integer:
            real = static_cast<double>(value.big_integer());
            break;
        case Kind::real:
            real = value.real();
            break;
        case Kind::boolean:
            real = value.boolean() ? 1 : 0;
            break;
        default: {
            // Formats that log numbers as text: "200".
            const auto text = value.text_or_empty();
            std::int64_t whole = 0;
            const auto* end = text.data() + text.size();
            const auto whole_read = std::from_chars(text.data(), end, whole);
            if (!text.empty() && whole_read.ec == std::errc() && whole_read.ptr == end) {
                if (as == As::integer) {
                    out.integer(whole);
                } else {
                    out.real(static_cast<double>(whole));
                }
                return;
            }
            const auto read = std::from_chars(text.data(), end, real);
            if (text.empty() || read.ec != std::errc() || read.ptr != end) {
                out.null();
                return;
            }
        }
    }
    if (as == As::real) {
        out.real(real);
    } else if (real >= -9e18 && real <= 9e18) {
        out.integer(static_cast<std::int64_t>(real));
    } else {
        out.null();
    }
}

void put(CopyText& out, const call::Value& given, As as, std::string& scratch) {
    const auto& value = first_of(given);
    if (as == As::integer || as == As::real) {
        put_number(out, value, as);
        return;
    }
    std::string_view text;
    if (!call::scalar_text(value, scratch, text)) {
        out.null();
    } else if (as == As::boolean) {
        if (text == "true" || text == "false") {
            out.boolean(text == "true");
        } else {
            out.null();
        }
    } else {
        out.bounded(text, as == As::key ? max_key_bytes : max_text_bytes);
    }
}

/// The address where there is one, and what stands in its place where there is none.
void put_address(CopyText& out, const call::Call& call, std::string& scratch) {
    const auto address = first_of(call.get(Field::src_ip)).text_or_empty();
    if (const auto parsed = call::parse_address(address)) {
        out.text(call::to_text(*parsed)).null();
        return;
    }
    out.null();
    if (!address.empty()) {
        out.bounded(address, max_text_bytes);
        return;
    }
    const auto& domain = call.get(Field::src_domain);
    put(out, domain.absent() ? call.get(Field::src_service) : domain, As::text, scratch);
}

}  // namespace

void CallRows::want(call::Names& names) {
    for (const auto& column : before_address) names.add(column.field);
    for (const auto& column : after_address) names.add(column.field);
    for (const auto field : {Field::src_ip, Field::src_domain, Field::src_service})
        names.add(field);
}

void CallRows::add(const call::Call& call, const Context& context) {
    if (!ends_.empty()) text_ += '\n';
    const auto& header = call.header();
    CopyText out(text_);
    std::string scratch;
    out.time(header.time)
        .time(base::event_time(context.received_micros))
        .text(context.source)
        .counter(context.block)
        .integer(header.record & 0x7fffffff)
        .integer(static_cast<std::int64_t>(header.id))
        .integer(header.notes & 0x7fffffff);
    for (const auto& column : before_address) put(out, call.get(column.field), column.as, scratch);
    put_address(out, call, scratch);
    for (const auto& column : after_address) put(out, call.get(column.field), column.as, scratch);
    if (context.matched.empty()) {
        out.null();
    } else {
        out.texts(context.matched.data(), context.matched.size());
    }
    if (context.with_raw) {
        out.text(header.raw);
    } else {
        out.null();
    }
    out.text(context.format);
    ends_.push_back(text_.size());
    const auto week = monday_of(header.time);
    const auto at = std::lower_bound(weeks_.begin(), weeks_.end(), week);
    if (at == weeks_.end() || *at != week) weeks_.insert(at, week);
}

std::string_view CallRows::row(std::size_t i) const noexcept {
    return rows(i, i + 1);
}

std::string_view CallRows::rows(std::size_t begin, std::size_t end) const noexcept {
    if (begin >= end) return {};
    const std::size_t start = begin == 0 ? 0 : ends_[begin - 1] + 1;
    return std::string_view(text_).substr(start, ends_[end - 1] - start);
}

void CallRows::merge(CallRows&& other) {
    if (other.empty()) return;
    if (empty()) {
        std::swap(*this, other);
    } else {
        text_ += '\n';
        const auto shift = text_.size();
        text_ += other.text_;
        for (const auto end : other.ends_) ends_.push_back(end + shift);
        std::vector<std::int64_t> weeks;
        std::set_union(weeks_.begin(), weeks_.end(), other.weeks_.begin(), other.weeks_.end(),
                       std::back_inserter(weeks));
        weeks_ = std::move(weeks);
    }
    other.clear();
}

void CallRows::clear() noexcept {
    text_.clear();
    ends_.clear();
    weeks_.clear();
}

std::int64_t monday_of(base::EventTime time) noexcept {
    const auto day = std::chrono::floor<std::chrono::days>(time.time_since_epoch()).count();
    // 1970-01-01 was a Thursday, three days after a Monday.
    const auto since_monday = ((day + 3) % 7 + 7) % 7;
    return day - since_monday;
}

}  // namespace store
