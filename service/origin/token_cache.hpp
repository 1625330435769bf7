#pragma once

#include "origin/fingerprint.hpp"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace origin {

/// What a token depends on, in numbers. Two questions of one cache are equal only if their tokens
/// are.
struct Question {
    enum class Where : std::uint32_t { nowhere, v4, v6, name };

    std::uint64_t place = 0;  ///< The bits of the address that take part, or a name's number.
    std::int64_t asn = 0;
    std::uint32_t client = 0;
    std::uint32_t wire = 0;  ///< JA4 and TLS.
    Where where = Where::nowhere;
    std::uint32_t level = 0;  ///< Level + 1; 0 is no question.

    bool operator==(const Question&) const = default;
};

/// Tokens by what they depend on: a table of fixed size in which new ones push old ones out. 64
/// bytes each, which is a cache line: a map from texts to texts took four times that and three
/// misses. It grows with what is put in, up to its bound.
class TokenCache {
public:
    /// Of at most this many tokens, rounded down to a power of two; at least 16.
    TokenCache(std::size_t most_tokens, std::uint64_t seed)
        : seed_(seed),
          most_(std::bit_floor(most_tokens)),
          lines_(std::min<std::size_t>(most_, 256)) {}

    [[nodiscard]] std::uint64_t hash(const Question& question) const noexcept {
        return XXH3_64bits_withSeed(&question, sizeof question, seed_);
    }
    void prefetch(std::uint64_t hash) const noexcept {
        __builtin_prefetch(&lines_[hash & (lines_.size() - 2)]);
    }
    /// Valid until the next add.
    [[nodiscard]] const Token* find(const Question& question, std::uint64_t hash) const noexcept {
        const Line* pair = &lines_[hash & (lines_.size() - 2)];
        if (pair[0].question == question) return &pair[0].token;
        if (pair[1].question == question) return &pair[1].token;
        return nullptr;
    }
    /// Takes the place of the older of two; the question must not be there yet.
    void add(const Question& question, std::uint64_t hash, const Token& token) {
        if (++added_ > lines_.size() && lines_.size() < most_) grow();
        Line* pair = &lines_[hash & (lines_.size() - 2)];
        pair[1] = pair[0];
        pair[0] = {question, token};
    }
    void clear() { lines_.assign(lines_.size(), Line{}); }

private:
    struct alignas(64) Line {
        Question question;
        Token token{};
    };
    static_assert(sizeof(Question) == 32 && sizeof(Line) == 64);
    static_assert(std::has_unique_object_representations_v<Question>);  // hashed as bytes

    void grow() {
        added_ = 0;
        std::vector<Line> old(lines_.size() * 2);
        old.swap(lines_);
        for (const Line& line : old) {
            if (line.question.level == 0) continue;
            Line* pair = &lines_[hash(line.question) & (lines_.size() - 2)];
            pair[1] = pair[0];
            pair[0] = line;
        }
    }

    std::uint64_t seed_;
    std::size_t most_;
    std::size_t added_ = 0;
    std::vector<Line> lines_;  // pairs
};

}  // namespace origin
