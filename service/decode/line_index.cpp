#include "decode/line_index.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <functional>

namespace decode {
namespace {

// The first stage is no public interface. Debian 12 has this version; for another, read its
// `json_structural_indexer` and run the differential tests (tests/fuzz/decode_lines_fuzz.cpp)
// before changing the number.
static_assert(simdjson::SIMDJSON_VERSION_MAJOR == 3 && simdjson::SIMDJSON_VERSION_MINOR == 0 &&
                  simdjson::SIMDJSON_VERSION_REVISION == 1,
              "decode/line_index.cpp was checked against simdjson 3.0.1 only");

/// Whether all of `part` lies in `whole`; they need not belong to one object.
bool within(std::string_view part, std::string_view whole) {
    constexpr std::less_equal<const char*> not_after;
    return not_after(whole.data(), part.data()) &&
           not_after(part.data() + part.size(), whole.data() + whole.size());
}

}  // namespace

struct LineIndex::Library {
    // None when this machine has no vector kernel: the plain one lets an escaped line end pass.
    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
};

LineIndex::LineIndex() : library_(std::make_unique<Library>()) {
    static_assert(padding >= simdjson::SIMDJSON_PADDING);
    const simdjson::implementation& kernel = *simdjson::get_active_implementation();
    if (kernel.name() == "fallback") return;
    // Failure to allocate leaves no parser, and then no text is indexed.
    if (kernel.create_dom_parser_implementation(block_bytes, 1, library_->parser)) {
        library_->parser.reset();
    }
}

LineIndex::~LineIndex() = default;
LineIndex::LineIndex(LineIndex&&) noexcept = default;

void LineIndex::begin(std::string_view buffer) noexcept {
    const bool usable = library_->parser && buffer.size() > padding;
    buffer_ = usable ? buffer.substr(0, buffer.size() - padding) : std::string_view{};
    block_ = {};
    single_until_ = buffer_.data();
}

bool LineIndex::find(std::string_view text, Parts& out) {
    if (!within(text, block_) && !index_around(text)) return false;
    const auto offset = static_cast<std::uint32_t>(text.data() - block_.data());
    const std::uint32_t* first = library_->parser->structural_indexes.get();
    out.base = block_.data();
    out.end = first + library_->parser->n_structural_indexes;
    if (cursor_ != first && cursor_[-1] >= offset)
        cursor_ = std::lower_bound(first, out.end, offset);
    while (cursor_ != out.end && *cursor_ < offset) ++cursor_;
    out.first = cursor_;
    out.escape = escape_from(text.data());
    return true;
}

/// Indexes as many whole lines as fit a block, from the text on; where that fails, the text alone.
bool LineIndex::index_around(std::string_view text) {
    if (buffer_.empty() || text.empty() || text.size() > block_bytes || !within(text, buffer_)) {
        return false;
    }
    if (text.data() >= single_until_) {
        const auto left = static_cast<std::size_t>(buffer_.data() + buffer_.size() - text.data());
        const std::string_view window(text.data(), std::min(left, block_bytes));
        const auto* line_end =
            static_cast<const char*>(memrchr(window.data(), '\n', window.size()));
        const std::size_t size =
            line_end == nullptr ? 0 : static_cast<std::size_t>(line_end - window.data()) + 1;
        if (size >= text.size() && index(window.substr(0, size))) return true;
        // One bad line in the block, or one long line: not to be found out for each text again.
        single_until_ = text.data() + std::max(size, text.size());
        if (size < text.size()) single_until_ = window.data() + window.size();
    }
    return index(text);
}

bool LineIndex::index(std::string_view block) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(block.data());
    block_ = {};
    if (library_->parser->stage1(bytes, block.size(), simdjson::stage1_mode::regular) !=
        simdjson::SUCCESS) {
        return false;
    }
    block_ = block;
    cursor_ = library_->parser->structural_indexes.get();
    escape_from_ = block.data() + block.size();  // Nothing is known yet.
    next_escape_ = escape_from_;
    return true;
}

/// The first backslash from here on, or the end of the block.
const char* LineIndex::escape_from(const char* start) {
    if (start < escape_from_ || start > next_escape_) {
        const std::string_view rest =
            block_.substr(static_cast<std::size_t>(start - block_.data()));
        escape_from_ = start;
        next_escape_ = rest.data() + std::min(rest.find('\\'), rest.size());
    }
    return next_escape_;
}

char* LineIndex::unescape(const char* from, char* to) const {
    return reinterpret_cast<char*>(library_->parser->parse_string(
        reinterpret_cast<const std::uint8_t*>(from), reinterpret_cast<std::uint8_t*>(to)));
}

}  // namespace decode
