#include "decode/json_parser.hpp"

#include "base/utf8.hpp"

#include <simdjson.h>

#include <charconv>

namespace decode {
namespace {

RejectCode code_of(simdjson::error_code error) {
    switch (error) {
        case simdjson::UTF8_ERROR:
            return RejectCode::bad_utf8;
        case simdjson::DEPTH_ERROR:
            return RejectCode::too_deep;
        default:
            return RejectCode::bad_json;
    }
}

std::optional<unsigned> hex_byte(std::string_view text) {
    unsigned out = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
    if (fault != std::errc{} || end != text.data() + text.size()) return {};
    return out;
}

/// Writes a run of bytes that stood as \xNN: as they are where they are UTF-8, else one character a
/// byte.
void append_bytes(std::string& out, std::string_view bytes) {
    const bool utf8 = base::utf8::valid(bytes);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7f) {
            constexpr std::string_view digits = "0123456789abcdef";
            out += "\\u00";
            out += digits[byte >> 4];
            out += digits[byte & 15];
        } else if (byte < 0x80 || utf8) {
            out += c;
        } else {
            base::utf8::append(out, byte);
        }
    }
}

/// The text with every run of \xNN resolved; false when there is none.
bool resolve_x_escapes(std::string_view text, std::string& out) {
    bool found = false;
    out.clear();
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] != '\\' || at + 1 >= text.size()) {
            out += text[at++];
            continue;
        }
        if (text[at + 1] != 'x') {
            out.append(text, at, 2);
            at += 2;
            continue;
        }
        std::string bytes;
        while (at + 3 < text.size() && text[at] == '\\' && text[at + 1] == 'x') {
            const auto byte = hex_byte(text.substr(at + 2, 2));
            if (!byte) break;
            bytes += static_cast<char>(*byte);
            at += 4;
        }
        if (bytes.empty()) return false;
        append_bytes(out, bytes);
        found = true;
    }
    return found;
}

}  // namespace

struct JsonParser::Library {
    simdjson::dom::parser parser;
};

JsonParser::JsonParser(std::uint32_t max_depth) : library_(std::make_unique<Library>()) {
    // Failure to allocate shows at the first parse.
    static_cast<void>(library_->parser.allocate(16 * 1024, max_depth));
}

JsonParser::~JsonParser() = default;
JsonParser::JsonParser(JsonParser&&) noexcept = default;

std::optional<RejectCode> JsonParser::parse(std::string_view text, std::size_t readable_behind) {
    static_assert(padding >= simdjson::SIMDJSON_PADDING);
    if (readable_behind < padding) {
        copy_.assign(text);
        copy_.append(padding, '\0');
        text = std::string_view(copy_).substr(0, text.size());
    }
    const auto error = library_->parser.parse(text.data(), text.size(), false).error();
    if (error != simdjson::SUCCESS) return code_of(error);
    tape_ = {library_->parser.doc.tape.get(), library_->parser.doc.string_buf.get()};
    return {};
}

std::optional<RejectCode> JsonParser::parse_with_x_escapes(std::string_view text) {
    std::string resolved;
    if (!resolve_x_escapes(text, resolved)) return RejectCode::bad_json;
    return parse(resolved, 0);
}

void JsonParser::minify(std::string_view text, std::string& out) {
    const std::size_t before = out.size();
    out.resize(before + text.size());
    std::size_t size = 0;
    // Fails only for a string that does not end, which a valid text does not have.
    static_cast<void>(simdjson::minify(text.data(), text.size(), out.data() + before, size));
    out.resize(before + size);
}

}  // namespace decode
