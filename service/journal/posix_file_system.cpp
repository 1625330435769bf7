#include "journal/file_system.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <limits.h>
#include <algorithm>
#include <cerrno>

namespace journal {
namespace {

std::error_code last_error() {
    return {errno, std::system_category()};
}

class PosixFile final : public File {
public:
    explicit PosixFile(int descriptor) noexcept : descriptor_(descriptor) {}
    ~PosixFile() override { ::close(descriptor_); }
    PosixFile(const PosixFile&) = delete;
    PosixFile& operator=(const PosixFile&) = delete;

    std::error_code read(std::uint64_t offset, std::size_t size, std::string& out) override {
        std::error_code error;
        out.resize_and_overwrite(size, [&](char* data, std::size_t) {
            std::size_t done = 0;
            while (done < size) {
                const ssize_t got = ::pread(descriptor_, data + done, size - done,
                                            static_cast<off_t>(offset + done));
                if (got == 0) break;
                if (got < 0 && errno == EINTR) continue;
                if (got < 0) {
                    error = last_error();
                    break;
                }
                done += static_cast<std::size_t>(got);
            }
            return done;
        });
        return error;
    }

    std::error_code write(std::uint64_t offset, std::span<const std::string_view> pieces) override {
        std::vector<iovec> vectors;
        vectors.reserve(pieces.size());
        for (const std::string_view piece : pieces)
            if (!piece.empty()) vectors.push_back({const_cast<char*>(piece.data()), piece.size()});
        std::span<iovec> left(vectors);
        while (!left.empty()) {
            const int count = static_cast<int>(std::min<std::size_t>(left.size(), IOV_MAX));
            const ssize_t put =
                ::pwritev(descriptor_, left.data(), count, static_cast<off_t>(offset));
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) return last_error();
            if (put == 0) return std::make_error_code(std::errc::io_error);
            offset += static_cast<std::uint64_t>(put);
            left = skip(left, static_cast<std::size_t>(put));
        }
        return {};
    }

    std::error_code sync() override {
        return ::fdatasync(descriptor_) == 0 ? std::error_code() : last_error();
    }

    std::error_code allocate(std::uint64_t bytes) override {
        int failed = 0;  // not ::fallocate: the call falls back where a file system lacks it
        do {
            failed = ::posix_fallocate(descriptor_, 0, static_cast<off_t>(bytes));
        } while (failed == EINTR);
        return {failed, std::system_category()};
    }

    std::error_code resize(std::uint64_t bytes) override {
        return ::ftruncate(descriptor_, static_cast<off_t>(bytes)) == 0 ? std::error_code()
                                                                        : last_error();
    }

    Io<std::uint64_t> size() override {
        struct stat info{};
        if (::fstat(descriptor_, &info) != 0) return std::unexpected(last_error());
        return static_cast<std::uint64_t>(info.st_size);
    }

    Io<bool> lock() override {
        if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return true;
        if (errno == EWOULDBLOCK) return false;
        return std::unexpected(last_error());
    }

private:
    // What is left of the vectors after a write that took `written` bytes.
    static std::span<iovec> skip(std::span<iovec> vectors, std::size_t written) {
        while (!vectors.empty() && written >= vectors.front().iov_len) {
            written -= vectors.front().iov_len;
            vectors = vectors.subspan(1);
        }
        if (!vectors.empty()) {
            vectors.front().iov_base = static_cast<char*>(vectors.front().iov_base) + written;
            vectors.front().iov_len -= written;
        }
        return vectors;
    }

    int descriptor_;
};

class PosixFileSystem final : public FileSystem {
public:
    Io<std::unique_ptr<File>> open(const std::filesystem::path& path, Open how) override {
        const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (how == Open::create ? O_CREAT : 0);
        const int descriptor = ::open(path.c_str(), flags, 0600);
        if (descriptor < 0) return std::unexpected(last_error());
        return std::make_unique<PosixFile>(descriptor);
    }

    std::error_code make_folder(const std::filesystem::path& folder) override {
        std::error_code error;
        std::filesystem::create_directories(folder, error);
        if (error) return error;
        return ::chmod(folder.c_str(), 0700) == 0 ? std::error_code() : last_error();
    }

    Io<std::vector<std::string>> list(const std::filesystem::path& folder) override {
        std::error_code error;
        std::vector<std::string> names;
        for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
             entry.increment(error))
            names.push_back(entry->path().filename().string());
        if (error) return std::unexpected(error);
        return names;
    }

    std::error_code rename(const std::filesystem::path& from,
                           const std::filesystem::path& to) override {
        std::error_code error;
        std::filesystem::rename(from, to, error);
        return error;
    }

    std::error_code remove(const std::filesystem::path& path) override {
        std::error_code error;
        std::filesystem::remove(path, error);
        return error;
    }

    std::error_code sync_folder(const std::filesystem::path& folder) override {
        const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (descriptor < 0) return last_error();
        const std::error_code error = ::fsync(descriptor) == 0 ? std::error_code() : last_error();
        ::close(descriptor);
        return error;
    }

    Io<std::uint64_t> free_bytes(const std::filesystem::path& folder) override {
        struct statvfs info{};
        if (::statvfs(folder.c_str(), &info) != 0) return std::unexpected(last_error());
        return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
    }
};

}  // namespace

bool no_room(const std::error_code& error) {
    return error == std::errc::no_space_on_device ||
           error == std::error_code(EDQUOT, std::system_category());
}

FileSystem& operating_system() {
    static PosixFileSystem system;  // holds nothing
    return system;
}

}  // namespace journal
