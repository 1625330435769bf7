#pragma once

#include <xxhash.h>
#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>

namespace call {

/// Text that calls may point at after the memory that made it was forgotten: batches share it.
using Texts = std::deque<std::string>;

/// Hashes text with a seed. `is_avalanching` tells Boost's maps that all bits are mixed.
struct SeededHash {
    using is_avalanching = void;
    using is_transparent = void;
    std::uint64_t seed = 0;
    std::size_t operator()(std::string_view text) const noexcept {
        return XXH3_64bits_withSeed(text.data(), text.size(), seed);
    }
};

/// What was found out about each distinct text: facts are computed once per distinct input, not
/// once per call. Entries stay where they are until `clear`.
template <class Entry>
class Memo {
public:
    explicit Memo(std::uint64_t seed) : index_(0, SeededHash{seed}) {}

    [[nodiscard]] Entry* find(std::string_view text) noexcept {
        const auto found = index_.find(text);
        return found == index_.end() ? nullptr : found->second;
    }
    /// A new entry; the text must not be there yet.
    Entry& add(std::string_view text) {
        keys_.emplace_back(text);
        entries_.emplace_back();
        index_.emplace(keys_.back(), &entries_.back());
        return entries_.back();
    }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    /// All entries, oldest first.
    [[nodiscard]] std::deque<Entry>& entries() noexcept { return entries_; }
    void clear() {
        index_.clear();
        entries_.clear();
        keys_.clear();
    }

private:
    Texts keys_;
    std::deque<Entry> entries_;
    boost::unordered_flat_map<std::string_view, Entry*, SeededHash> index_;
};

/// Several texts as one key, each behind its length, without allocation as long as they are short.
class Joined {
public:
    Joined(std::initializer_list<std::string_view> parts) {
        std::size_t size = 0;
        for (const auto part : parts) size += sizeof(std::uint32_t) + part.size();
        char* out = room_.data();
        if (size > room_.size()) {
            long_.resize(size);
            out = long_.data();
        }
        text_ = {out, size};
        for (const auto part : parts) {
            const auto length = static_cast<std::uint32_t>(part.size());
            std::memcpy(out, &length, sizeof length);
            if (!part.empty()) std::memcpy(out + sizeof length, part.data(), part.size());
            out += sizeof length + part.size();
        }
    }
    Joined(const Joined&) = delete;
    Joined& operator=(const Joined&) = delete;
    [[nodiscard]] std::string_view text() const noexcept { return text_; }
    /// The part that begins there, in a text like this; goes on to the next.
    static std::string_view next(const char*& at) noexcept {
        std::uint32_t size = 0;
        std::memcpy(&size, at, sizeof size);
        const std::string_view out(at + sizeof size, size);
        at += sizeof size + size;
        return out;
    }

private:
    std::array<char, 512> room_;  // not cleared: only what is written is read
    std::string long_;
    std::string_view text_;
};

}  // namespace call
