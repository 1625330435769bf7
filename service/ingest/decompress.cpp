#include "ingest/decompress.hpp"

#include <libdeflate.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace ingest {
namespace {

using Outcome = std::expected<std::string, DecompressFault>;

constexpr int max_window_log = 23;  // 8 MB, as RFC 9659 has it for HTTP
constexpr std::size_t first_guess_bytes = 64 * 1024;

std::unexpected<DecompressFault> broken() {
    return std::unexpected(DecompressFault::broken);
}
std::unexpected<DecompressFault> too_large() {
    return std::unexpected(DecompressFault::too_large);
}

// The most that this input may become.
std::size_t cap_of(std::size_t input, const DecompressLimits& limits) {
    const std::size_t by_ratio = std::max(limits.ratio_after_bytes, input * limits.ratio);
    return std::min(limits.decoded_bytes, by_ratio);
}

struct Free {
    void operator()(libdeflate_decompressor* one) const noexcept {
        libdeflate_free_decompressor(one);
    }
    void operator()(ZSTD_DCtx* one) const noexcept { ZSTD_freeDCtx(one); }
};

// Grows the output within the cap; false at the cap.
bool grow(std::string& out, std::size_t cap) {
    if (out.size() >= cap) return false;
    const std::size_t size = std::min(cap, std::max(first_guess_bytes, out.size() * 2));
    // Not the callback's argument: libstdc++ 12 passes the capacity there.
    out.resize_and_overwrite(size, [size](char*, std::size_t) { return size; });
    return true;
}

// libdeflate decodes whole members, so that one which does not fit is decoded again into twice the
// room: at most twice the work, and still faster than zlib's stream. The last member's ISIZE field
// (its length modulo 2^32) is a good first guess; being the sender's word, it is capped.
class Gunzip {
public:
    Gunzip(std::string_view in, const DecompressLimits& limits)
        : in_(in), cap_(cap_of(in.size(), limits)), members_(limits.members) {}

    Outcome run() {
        if (in_.size() >= 4) {
            std::size_t isize = 0;
            for (std::size_t i = 0; i < 4; ++i)
                isize |= std::size_t{static_cast<std::uint8_t>(in_[in_.size() - 4 + i])} << (8 * i);
            const std::size_t guess = std::min(cap_, std::max(isize, first_guess_bytes));
            if (guess <= in_.size() * 16) out_.resize(guess);
        }
        for (std::size_t member = 0; !in_.empty(); ++member) {
            if (member == members_) return broken();
            if (auto done = take_member(); !done) return std::unexpected(done.error());
        }
        out_.resize(used_);
        return std::move(out_);
    }

private:
    std::expected<void, DecompressFault> take_member() {
        while (true) {
            std::size_t read = 0;
            std::size_t written = 0;
            const libdeflate_result result = libdeflate_gzip_decompress_ex(
                decompressor_.get(), in_.data(), in_.size(), out_.data() + used_,
                out_.size() - used_, &read, &written);
            if (result == LIBDEFLATE_SUCCESS) {
                in_.remove_prefix(read);
                used_ += written;
                return {};
            }
            if (result != LIBDEFLATE_INSUFFICIENT_SPACE) return broken();
            if (!grow(out_, cap_)) return too_large();
        }
    }

    std::unique_ptr<libdeflate_decompressor, Free> decompressor_{libdeflate_alloc_decompressor()};
    std::string_view in_;
    std::size_t cap_;
    std::size_t members_;
    std::string out_;
    std::size_t used_ = 0;
};

// Streamed, so that a frame's word for its content size never decides how much is allocated.
class Unzstd {
public:
    Unzstd(std::string_view in, const DecompressLimits& limits)
        : in_{in.data(), in.size(), 0}, cap_(cap_of(in.size(), limits)), frames_(limits.members) {
        ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, max_window_log);
    }

    Outcome run() {
        std::size_t frames = 0;
        std::size_t used = 0;
        std::size_t left = 0;  // what the decoder still waits for; 0 between two frames
        while (in_.pos < in_.size) {
            if (left == 0 && ++frames > frames_) return broken();
            if (used == out_.size() && !grow(out_, cap_)) return over_cap();
            ZSTD_outBuffer out{out_.data(), out_.size(), used};
            left = ZSTD_decompressStream(context_.get(), &out, &in_);
            if (ZSTD_isError(left) != 0) return broken();
            used = out.pos;
        }
        while (left != 0) {  // all is read, and the decoder may still hold output
            if (used == out_.size() && !grow(out_, cap_)) return over_cap();
            ZSTD_outBuffer out{out_.data(), out_.size(), used};
            left = ZSTD_decompressStream(context_.get(), &out, &in_);
            if (ZSTD_isError(left) != 0 || (left != 0 && out.pos == used)) return broken();
            used = out.pos;
        }
        out_.resize(used);
        return std::move(out_);
    }

private:
    // The output is full to the cap. That is no fault of a body which ends exactly there.
    Outcome over_cap() {
        char one_more = 0;
        ZSTD_outBuffer out{&one_more, 1, 0};
        while (out.pos == 0) {
            const std::size_t before = in_.pos;
            const std::size_t left = ZSTD_decompressStream(context_.get(), &out, &in_);
            if (ZSTD_isError(left) != 0) return broken();
            if (left == 0 && in_.pos == in_.size && out.pos == 0) return std::move(out_);
            if (in_.pos == before && out.pos == 0) return broken();
        }
        return too_large();
    }

    std::unique_ptr<ZSTD_DCtx, Free> context_{ZSTD_createDCtx()};
    ZSTD_inBuffer in_;
    std::size_t cap_;
    std::size_t frames_;
    std::string out_;
};

}  // namespace

Outcome decompress(Coding coding, std::string body, const DecompressLimits& limits) {
    if (body.empty()) return body;
    switch (coding) {
        case Coding::identity:
            if (body.size() > limits.decoded_bytes) return too_large();
            return body;
        case Coding::gzip:
            return Gunzip(body, limits).run();
        case Coding::zstd:
            return Unzstd(body, limits).run();
    }
    return broken();
}

}  // namespace ingest
