#include "pipeline/saved.hpp"

#include "base/assert.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

namespace pipeline {
namespace {

constexpr std::string_view magic = "cps2";
// Of levels -5 to 3: a snapshot of a million groups takes the least time together with what is made
// of it, since it is also sent, logged and synced by the database.
constexpr int level = 1;

struct Header {
    char magic[4] = {};
    std::uint32_t number = 0;
    std::uint32_t count = 0;
    std::uint32_t digest[2] = {};  // the low half first; so there is no padding
};
static_assert(sizeof(Header) == 20 && std::endian::native == std::endian::little);

std::optional<Header> header_of(std::string_view part) {
    Header out;
    if (part.size() < sizeof out || !part.starts_with(magic)) return {};
    std::memcpy(&out, part.data(), sizeof out);
    return out;
}

base::Error damaged(std::string what) {
    return {base::Fault::invalid, "the saved window state " + std::move(what)};
}

struct Free {
    void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

class Digest {
public:
    Digest() { XXH3_64bits_reset(&state_); }
    void add(std::string_view bytes) { XXH3_64bits_update(&state_, bytes.data(), bytes.size()); }
    void get(std::uint32_t (&out)[2]) const {
        const std::uint64_t value = XXH3_64bits_digest(&state_);
        std::memcpy(out, &value, sizeof out);
    }

private:
    XXH3_state_t state_{};
};

}  // namespace

class Packer::State {
public:
    State() : context_(ZSTD_createCCtx()) {
        BASE_ASSERT(context_ != nullptr);
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
        piece_.reserve(part_bytes);
        frame_.resize(ZSTD_compressBound(part_bytes));
    }

    void add(std::string_view bytes) {
        digest_.add(bytes);
        while (!bytes.empty()) {
            if (piece_.size() == part_bytes) compress();
            const auto some = bytes.substr(0, part_bytes - piece_.size());
            piece_ += some;
            bytes.remove_prefix(some.size());
        }
    }

    Parts finish() {
        if (!piece_.empty() || parts_.empty()) compress();
        Header header;
        std::ranges::copy(magic, header.magic);
        header.count = static_cast<std::uint32_t>(parts_.size());
        digest_.get(header.digest);
        for (auto& part : parts_) {
            std::memcpy(part.data(), &header, sizeof header);
            ++header.number;
        }
        return std::move(parts_);
    }

private:
    void compress() {
        const std::size_t size = ZSTD_compress2(context_.get(), frame_.data(), frame_.size(),
                                                piece_.data(), piece_.size());
        BASE_ASSERT(ZSTD_isError(size) == 0);  // the room is enough for whatever comes
        auto& part = parts_.emplace_back();
        part.reserve(sizeof(Header) + size);
        part.append(sizeof(Header), '\0');  // written when all is known
        part.append(frame_.data(), size);
        piece_.clear();
    }

    std::unique_ptr<ZSTD_CCtx, Free> context_;
    Digest digest_;
    std::string piece_;
    std::string frame_;
    Parts parts_;
};

Packer::Packer() : state_(std::make_unique<State>()) {}
Packer::~Packer() = default;
void Packer::add(std::string_view bytes) {
    state_->add(bytes);
}
Parts Packer::finish() && {
    return state_->finish();
}

class Unpacker::State {
public:
    explicit State(std::span<const std::string> parts)
        : parts_(parts), context_(ZSTD_createDCtx()), piece_(part_bytes, '\0') {
        BASE_ASSERT(context_ != nullptr);
    }

    std::string_view next() {
        if (!intact || at_ >= parts_.size()) return {};
        const std::string_view part = parts_[at_];
        const auto frame = part.substr(sizeof(Header));
        const std::size_t size = ZSTD_decompressDCtx(context_.get(), piece_.data(), piece_.size(),
                                                     frame.data(), frame.size());
        ++at_;
        if (ZSTD_isError(size) != 0) {
            return give_up("is damaged: part " + std::to_string(at_) + " of " +
                           std::to_string(parts_.size()) + " cannot be decompressed");
        }
        const auto piece = std::string_view(piece_).substr(0, size);
        digest_.add(piece);
        if (at_ < parts_.size()) return piece;
        std::uint32_t digest[2];
        digest_.get(digest);
        if (std::ranges::equal(digest, header_of(part)->digest)) return piece;
        return give_up("is damaged: its XXH3-64 differs");
    }

    base::Result<void> intact;

private:
    std::string_view give_up(std::string what) {
        intact = std::unexpected(damaged(std::move(what)));
        return {};
    }

    std::span<const std::string> parts_;
    std::size_t at_ = 0;
    std::unique_ptr<ZSTD_DCtx, Free> context_;
    Digest digest_;
    std::string piece_;
};

Unpacker::Unpacker(std::unique_ptr<State> state) : state_(std::move(state)) {}
Unpacker::~Unpacker() = default;
Unpacker::Unpacker(Unpacker&&) noexcept = default;
Unpacker& Unpacker::operator=(Unpacker&&) noexcept = default;

base::Result<Unpacker> Unpacker::open(std::span<const std::string> parts) {
    if (parts.empty()) return std::unexpected(damaged("has no parts"));
    const auto first = header_of(parts[0]);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto header = header_of(parts[i]);
        if (!header) return std::unexpected(damaged("is of a version this program cannot read"));
        if (header->number != i || header->count != parts.size() ||
            !std::ranges::equal(header->digest, first->digest)) {
            return std::unexpected(damaged("is not whole: part " + std::to_string(i + 1) + " of " +
                                           std::to_string(parts.size()) + " is of another one"));
        }
    }
    return Unpacker(std::make_unique<State>(parts));
}

std::string_view Unpacker::next() {
    return state_->next();
}
const base::Result<void>& Unpacker::intact() const noexcept {
    return state_->intact;
}

}  // namespace pipeline
