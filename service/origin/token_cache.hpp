#pragma once

#include "base/huge_array.hpp"
#include "origin/fingerprint.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace origin {

/// What a token depends on, in numbers. Two questions of one cache are equal only if their tokens
/// are. Made of whole words, which go from register to register: hashing four of them byte by byte
/// cost as much as the rest of a look-up.
class Question {
public:
    enum class Where : std::uint8_t { nowhere, v4, v6, name };

    Question() = default;
    /// `place` is the bits of the address that take part, or a name's number; `client` and `wire`
    /// (JA4 and TLS) are numbers of words.
    Question(Level level, Where where, std::uint64_t place, std::int64_t asn, std::uint32_t client,
             std::uint32_t wire) noexcept
        : place_(place),
          asn_(static_cast<std::uint64_t>(asn)),
          words_(std::uint64_t{client} << 32 | wire),
          kind_(std::uint64_t{static_cast<std::uint8_t>(where)} << 8 |
                (static_cast<std::uint64_t>(level) + 1)) {}

    [[nodiscard]] bool none() const noexcept { return kind_ == 0; }
    [[nodiscard]] bool operator==(const Question& other) const noexcept {
        return ((place_ ^ other.place_) | (asn_ ^ other.asn_) | (words_ ^ other.words_) |
                (kind_ ^ other.kind_)) == 0;
    }
    [[nodiscard]] std::uint64_t hash(std::uint64_t seed) const noexcept {
        const std::uint64_t half = mixed(place_ ^ seed, words_ ^ 0x9e3779b97f4a7c15u);
        return mixed(half ^ asn_, (kind_ << 32 | 0x5851f42du) ^ seed);
    }

private:
    static std::uint64_t mixed(std::uint64_t a, std::uint64_t b) noexcept {
        __extension__ typedef unsigned __int128 Wide;
        const Wide product = static_cast<Wide>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }

    std::uint64_t place_ = 0;
    std::uint64_t asn_ = 0;
    std::uint64_t words_ = 0;
    std::uint64_t kind_ = 0;  // 0 is no question
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
        return question.hash(seed_);
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
        if (++added_ > lines_.size() / 2 && lines_.size() < most_) grow();
        Line* pair = &lines_[hash & (lines_.size() - 2)];
        pair[1] = pair[0];
        pair[0] = {question, token};
    }
    void clear() { lines_.clear(); }

private:
    struct alignas(64) Line {
        Question question;
        Token token;
    };
    static_assert(sizeof(Question) == 32 && sizeof(Line) == 64);

    void grow() {
        added_ = 0;
        base::HugeArray<Line> old(std::min(most_, lines_.size() * 4));
        std::swap(old, lines_);
        for (const Line& line : old.all()) {
            if (line.question.none()) continue;
            Line* pair = &lines_[hash(line.question) & (lines_.size() - 2)];
            pair[1] = pair[0];
            pair[0] = line;
        }
    }

    std::uint64_t seed_;
    std::size_t most_;
    std::size_t added_ = 0;
    base::HugeArray<Line> lines_;  // pairs
};

}  // namespace origin
