#include "app/input.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace app {
namespace {

constexpr std::size_t part_bytes = 1 << 20;

base::Error broken(const std::string& path, const char* what) {
    return {base::Fault::invalid, path + ": " + what};
}

}  // namespace

/// Where bytes come from. One class a coding; the first bytes decide.
struct Input::Source {
    explicit Source(std::string name, int descriptor) : path(std::move(name)), file(descriptor) {}
    virtual ~Source() {
        if (file > 0) ::close(file);
    }
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;

    /// Appends some bytes; false at the end.
    virtual base::Result<bool> read(std::string& out) { return raw(out); }

    /// Bytes as they stand in the file.
    base::Result<bool> raw(std::string& out) {
        if (!head.empty()) {
            out += std::exchange(head, {});
            return true;
        }
        const auto before = out.size();
        out.resize(before + part_bytes);
        while (true) {
            const auto got = ::read(file, out.data() + before, part_bytes);
            if (got < 0 && errno == EINTR) continue;
            out.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
            if (got < 0) return std::unexpected(broken(path, std::strerror(errno)));
            return got > 0;
        }
    }

    std::string path;
    int file;
    std::string head;  // read to tell the coding
};

namespace {

class Gzip : public Input::Source {
public:
    using Source::Source;
    ~Gzip() override { inflateEnd(&stream_); }

    base::Result<bool> read(std::string& out) override {
        if (!started_ && inflateInit2(&stream_, 15 + 16) != Z_OK)
            return std::unexpected(broken(path, "no memory"));
        started_ = true;
        const auto before = out.size();
        while (out.size() == before) {
            if (stream_.avail_in == 0) {
                compressed_.clear();
                const auto more = raw(compressed_);
                if (!more) return more;
                if (!*more) {
                    if (!between_) return std::unexpected(broken(path, "gzip ends in the middle"));
                    return false;
                }
                stream_.next_in = reinterpret_cast<Bytef*>(compressed_.data());
                stream_.avail_in = static_cast<uInt>(compressed_.size());
            }
            if (between_ && inflateReset(&stream_) != Z_OK)
                return std::unexpected(broken(path, "no memory"));
            between_ = false;
            out.resize(before + part_bytes);
            stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
            stream_.avail_out = part_bytes;
            const int result = inflate(&stream_, Z_NO_FLUSH);
            out.resize(before + part_bytes - stream_.avail_out);
            if (result == Z_STREAM_END) {
                between_ = true;
            } else if (result != Z_OK) {
                return std::unexpected(broken(path, "damaged gzip"));
            }
        }
        return true;
    }

private:
    z_stream stream_{};
    bool started_ = false;
    bool between_ = false;  // members: a gzip file may hold several
    std::string compressed_;
};

class Zstd : public Input::Source {
public:
    Zstd(std::string name, int descriptor)
        : Source(std::move(name), descriptor), stream_(ZSTD_createDStream()) {
        ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, 27);
    }
    ~Zstd() override { ZSTD_freeDStream(stream_); }
    Zstd(const Zstd&) = delete;
    Zstd& operator=(const Zstd&) = delete;

    base::Result<bool> read(std::string& out) override {
        const auto before = out.size();
        while (out.size() == before) {
            if (in_.pos == in_.size) {
                compressed_.clear();
                const auto more = raw(compressed_);
                if (!more) return more;
                if (!*more) {
                    if (wanted_ != 0)
                        return std::unexpected(broken(path, "zstd ends in the middle"));
                    return false;
                }
                in_ = {compressed_.data(), compressed_.size(), 0};
            }
            out.resize(before + part_bytes);
            ZSTD_outBuffer to{out.data() + before, part_bytes, 0};
            wanted_ = ZSTD_decompressStream(stream_, &to, &in_);
            out.resize(before + to.pos);
            if (ZSTD_isError(wanted_)) return std::unexpected(broken(path, "damaged zstd"));
        }
        return true;
    }

private:
    ZSTD_DStream* stream_;
    ZSTD_inBuffer in_{nullptr, 0, 0};
    std::size_t wanted_ = 0;
    std::string compressed_;
};

/// Takes the first bytes of a descriptor, fewer at the end of a short file.
std::string first_bytes(int file) {
    std::array<char, 4> bytes{};
    std::size_t size = 0;
    while (size < bytes.size()) {
        const auto got = ::read(file, bytes.data() + size, bytes.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        size += static_cast<std::size_t>(got);
    }
    return {bytes.data(), size};
}

}  // namespace

Input::Input(std::unique_ptr<Source> source) : source_(std::move(source)) {}
Input::~Input() = default;
Input::Input(Input&&) noexcept = default;
Input& Input::operator=(Input&&) noexcept = default;

base::Result<Input> Input::open(const std::string& path) {
    const int file = path == "-" ? 0 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return base::fail(errno == ENOENT ? base::Fault::not_found : base::Fault::invalid,
                          path + ": " + std::strerror(errno));
    }
    auto head = first_bytes(file);
    std::unique_ptr<Source> source;
    if (head.starts_with("\x1f\x8b")) {
        source = std::make_unique<Gzip>(path, file);
    } else if (head.starts_with("\x28\xb5\x2f\xfd")) {
        source = std::make_unique<Zstd>(path, file);
    } else {
        source = std::make_unique<Source>(path, file);
    }
    source->head = std::move(head);
    return Input(std::move(source));
}

base::Result<bool> Input::more() {
    if (ended_) return false;
    buffer_.erase(0, used_);
    used_ = 0;
    const auto got = source_->read(buffer_);
    if (got && !*got) ended_ = true;
    return got;
}

base::Result<std::string_view> Input::lines(std::size_t wanted, std::size_t longest) {
    while (true) {
        const auto held = std::string_view(buffer_).substr(used_);
        const auto end = held.rfind('\n');
        const bool enough = end != std::string_view::npos && held.size() >= wanted;
        if (enough || ended_) {
            const auto out = ended_ ? held : held.substr(0, end + 1);
            used_ += out.size();
            return out;
        }
        if (end == std::string_view::npos && held.size() > longest) {
            return base::fail(base::Fault::invalid, source_->path + ": a line is longer than " +
                                                        std::to_string(longest) + " bytes");
        }
        if (auto got = more(); !got) return std::unexpected(got.error());
    }
}

base::Result<std::string> Input::rest(std::size_t most) {
    while (buffer_.size() - used_ <= most) {
        auto got = more();
        if (!got) return std::unexpected(got.error());
        if (*got) continue;
        buffer_.erase(0, std::exchange(used_, 0));
        return std::exchange(buffer_, {});  // the only copy: the caller may have to wipe it
    }
    return base::fail(base::Fault::invalid,
                      source_->path + ": larger than " + std::to_string(most) + " bytes");
}

}  // namespace app
