#include "call/value.hpp"

#include <charconv>

namespace call {
namespace {

template <class Number>
std::string_view print(Number number, std::string& scratch) {
    scratch.resize(32);
    const auto end = std::to_chars(scratch.data(), scratch.data() + scratch.size(), number).ptr;
    scratch.resize(static_cast<std::size_t>(end - scratch.data()));
    return scratch;
}

}  // namespace

bool scalar_text(const Value& value, std::string& scratch, std::string_view& out) {
    switch (value.kind()) {
        case Value::Kind::text:
            out = value.text();
            return true;
        case Value::Kind::boolean:
            out = value.boolean() ? "true" : "false";
            return true;
        case Value::Kind::integer:
            out = print(value.integer(), scratch);
            return true;
        case Value::Kind::big_integer:
            out = print(value.big_integer(), scratch);
            return true;
        case Value::Kind::real:
            out = print(value.real(), scratch);
            return true;
        case Value::Kind::absent:
        case Value::Kind::null:
        case Value::Kind::list:
        case Value::Kind::object:
            return false;
    }
    return false;
}

}  // namespace call
