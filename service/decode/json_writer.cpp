#include "decode/json_writer.hpp"

#include "base/utf8.hpp"

#include <charconv>

namespace decode {
namespace {

template <class Number>
void write_number(Number number, std::string& out) {
    char room[40];
    const auto end = std::to_chars(room, room + sizeof room, number).ptr;
    out.append(room, end);
}

}  // namespace

void write_json_string(std::string_view text, std::string& out) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    for (std::size_t at = 0; at < text.size();) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte == '"' || byte == '\\') {
            out += '\\';
            out += text[at++];
        } else if (byte < 0x20 || byte == 0x7f) {
            out += "\\u00";
            out += digits[byte >> 4];
            out += digits[byte & 15];
            ++at;
        } else if (byte < 0x80) {
            out += text[at++];
        } else {
            const auto decoded = base::utf8::decode(text, at);
            if (decoded.code_point == base::utf8::invalid) {
                out += "\xef\xbf\xbd";
            } else {
                out.append(text, at, decoded.size);
            }
            at += decoded.size;
        }
    }
    out += '"';
}

void write_json(const Tape& tape, std::size_t at, std::string& out) {
    const char type = tape.type(at);
    switch (type) {
        case '{':
        case '[': {
            out += type;
            const std::size_t end = tape.close(at);
            for (std::size_t i = at + 1; i < end; i = tape.next(i)) {
                if (i != at + 1) out += ',';
                if (type == '{') {
                    write_json_string(tape.text(i++), out);
                    out += ':';
                }
                write_json(tape, i, out);
            }
            out += type == '{' ? '}' : ']';
            return;
        }
        case '"':
            write_json_string(tape.text(at), out);
            return;
        case 'l':
            write_number(tape.integer(at), out);
            return;
        case 'u':
            write_number(tape.big_integer(at), out);
            return;
        case 'd':
            write_number(tape.real(at), out);
            return;
        case 't':
            out += "true";
            return;
        case 'f':
            out += "false";
            return;
        default:
            out += "null";
    }
}

void ObjectWriter::member(std::string_view key, std::string_view json) {
    if (!keys_.emplace(key).second) return;
    if (!members_.empty()) members_ += ',';
    write_json_string(key, members_);
    members_ += ':';
    members_ += json;
}

void ObjectWriter::text(std::string_view key, std::string_view value) {
    std::string json;
    write_json_string(value, json);
    member(key, json);
}

void ObjectWriter::finish(std::string& out) const {
    out += '{';
    out += members_;
    out += "}\n";
}

}  // namespace decode
