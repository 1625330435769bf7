#pragma once

#include "decode/json_parser.hpp"
#include "decode/json_writer.hpp"

#include <string_view>

namespace decode {

/// Merges the body of an OTLP log record, given as JSON, into the record: the members of an object,
/// also of one that is written in a text; anything else as `body`.
inline void add_body(std::string_view json, JsonParser& parser, ObjectWriter& out) {
    if (parser.parse(json, 0)) return;
    std::string inner;
    if (parser.tape().type(Tape::root) == '"') {
        inner = parser.tape().text(Tape::root);
        if (!inner.starts_with('{') || parser.parse(inner, 0)) {
            out.member("body", json);
            return;
        }
    }
    const Tape& tape = parser.tape();
    if (tape.type(Tape::root) != '{') {
        if (tape.type(Tape::root) != 'n') out.member("body", json);
        return;
    }
    for (std::size_t at = Tape::root + 1; at < tape.close(Tape::root); at = tape.next(at + 1)) {
        std::string value;
        write_json(tape, at + 1, value);
        out.member(tape.text(at), value);
    }
}

}  // namespace decode
