#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace decode {

/// Where the parts of JSON texts start, found for many lines of a buffer at a time: simdjson's
/// first stage, which also checks that they are UTF-8 and that strings end and hold no control
/// characters. A part is a bracket, a comma, a colon, or the first byte of a scalar.
///
/// Bounded: an index of `block_bytes` bytes of text and no more. Not thread-safe.
class LineIndex {
public:
    LineIndex();
    ~LineIndex();
    LineIndex(LineIndex&&) noexcept;

    /// Bytes behind a text that are read though not used.
    static constexpr std::size_t padding = 64;
    /// Longer texts are not indexed. Measured: 32 KiB to 256 KiB cost the same.
    static constexpr std::size_t block_bytes = 64 * 1024;

    /// The texts to come stand in `buffer`, which stays as it is until the next `begin`.
    void begin(std::string_view buffer) noexcept;

    /// The parts from a text's first on, as offsets from `base`: those of the texts behind it
    /// follow, up to `end`.
    struct Parts {
        const char* base = nullptr;
        const std::uint32_t* first = nullptr;
        const std::uint32_t* end = nullptr;
        const char* escape = nullptr;  ///< The first backslash, or a place behind the text.
    };
    /// False when the text is not indexed: it is malformed, too long, or not in the buffer with
    /// `padding` bytes behind it. Texts that come in the buffer's order cost the least.
    bool find(std::string_view text, Parts& out);
    /// Says that parts before this one will not be asked for soon.
    void passed(const std::uint32_t* part) noexcept { cursor_ = part; }

    /// Unescapes the string whose first byte is `from`, to at most as many bytes as it has and
    /// `padding` more. The end of what was written, or null for a bad escape.
    char* unescape(const char* from, char* to) const;

private:
    bool index_around(std::string_view text);
    bool index(std::string_view block);
    const char* escape_from(const char* start);

    struct Library;
    std::unique_ptr<Library> library_;
    std::string_view buffer_;
    std::string_view block_;              // What the index is of; empty when there is none.
    const char* single_until_ = nullptr;  // Texts before this are indexed one by one.
    const char* escape_from_ = nullptr;   // From here to next_escape_ there is no backslash.
    const char* next_escape_ = nullptr;
    const std::uint32_t* cursor_ = nullptr;  // No part before it is in the last text.
};

}  // namespace decode
