#include "app/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

namespace app {
namespace fs = std::filesystem;
namespace {

base::Error error_of(const fs::path& path, int code) {
    const auto fault = code == ENOENT ? base::Fault::not_found : base::Fault::invalid;
    return {fault, path.string() + ": " + std::strerror(code)};
}

/// A file descriptor that closes itself.
class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int number() const { return number_; }

private:
    int number_;
};

bool has_ending(const fs::path& path, const std::vector<std::string>& endings) {
    return std::ranges::find(endings, path.extension().string()) != endings.end();
}

/// True when what the path points at lies below the folder.
bool stays_below(const fs::path& path, const fs::path& folder) {
    std::error_code fault;
    const auto real = fs::canonical(path, fault);
    const auto top = fs::canonical(folder, fault);
    if (fault) return false;
    return std::mismatch(top.begin(), top.end(), real.begin(), real.end()).first == top.end();
}

base::Result<void> list(const fs::path& folder, const std::vector<std::string>& endings,
                        std::size_t most, std::set<fs::path>& out) {
    std::error_code fault;
    fs::recursive_directory_iterator walk(folder, fault);
    for (; !fault && walk != fs::recursive_directory_iterator(); walk.increment(fault)) {
        if (walk.depth() > 16) walk.disable_recursion_pending();
        if (!walk->is_regular_file(fault) || !has_ending(walk->path(), endings)) continue;
        if (!stays_below(walk->path(), folder)) {
            return base::fail(base::Fault::invalid, walk->path().string() + ": links out of " +
                                                        folder.string() +
                                                        "; copy the file in, or name its folder");
        }
        if (out.size() >= most) {
            return base::fail(base::Fault::exhausted,
                              folder.string() + ": more than " + std::to_string(most) + " files");
        }
        out.insert(walk->path());
    }
    if (fault) return base::fail(base::Fault::invalid, folder.string() + ": " + fault.message());
    return {};
}

/// Writes the bytes into the temporary file, then puts it in the place of `path`.
base::Result<void> finish(const Descriptor& file, const fs::path& temporary, const fs::path& path,
                          std::string_view bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
        const auto put = ::write(file.number(), bytes.data() + done, bytes.size() - done);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return base::fail(base::Fault::unavailable, error_of(temporary, errno).reason);
        done += static_cast<std::size_t>(put);
    }
    const Descriptor folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (::fsync(file.number()) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0 ||
        folder.number() < 0 || ::fsync(folder.number()) != 0) {
        return base::fail(base::Fault::unavailable, error_of(path, errno).reason);
    }
    return {};
}

}  // namespace

base::Result<std::string> read_file(const fs::path& path, std::size_t most) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (file.number() < 0) return std::unexpected(error_of(path, errno));
    struct stat status{};
    if (::fstat(file.number(), &status) != 0) return std::unexpected(error_of(path, errno));
    if (S_ISDIR(status.st_mode)) return std::unexpected(error_of(path, EISDIR));
    std::string text;
    char part[64 * 1024];
    while (true) {
        const auto got = ::read(file.number(), part, sizeof part);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::unexpected(error_of(path, errno));
        if (got == 0) return text;
        text.append(part, static_cast<std::size_t>(got));
        if (text.size() > most) {
            return base::fail(base::Fault::invalid,
                              path.string() + ": larger than " + std::to_string(most) + " bytes");
        }
    }
}

base::Result<void> write_secret(const fs::path& path, std::string_view bytes) {
    const fs::path temporary = path.string() + ".new";
    const Descriptor file(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0400));
    if (file.number() < 0)
        return base::fail(base::Fault::unavailable, error_of(temporary, errno).reason);
    return finish(file, temporary, path, bytes);
}

base::Result<void> replace_file(const fs::path& path, std::string_view expected,
                                std::string_view bytes) {
    std::error_code fault;
    const auto real = fs::canonical(path, fault);
    struct stat status{};
    if (fault || ::stat(real.c_str(), &status) != 0) return std::unexpected(error_of(path, ENOENT));
    const auto now = read_file(real, expected.size());
    if (!now || *now != expected)
        return base::fail(base::Fault::conflict,
                          path.string() + ": was changed meanwhile; nothing was written");
    const fs::path temporary = real.string() + ".new";
    const Descriptor file(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.number() < 0)
        return base::fail(base::Fault::unavailable, error_of(temporary, errno).reason);
    // Only root can give a file away; for everybody else the owner is right already.
    if (::geteuid() == 0 && ::fchown(file.number(), status.st_uid, status.st_gid) != 0)
        return base::fail(base::Fault::unavailable, error_of(temporary, errno).reason);
    if (::fchmod(file.number(), status.st_mode & 07777) != 0)
        return base::fail(base::Fault::unavailable, error_of(temporary, errno).reason);
    return finish(file, temporary, real, bytes);
}

base::Result<std::vector<NamedText>> read_tree(const std::vector<fs::path>& paths,
                                               const std::vector<std::string>& endings,
                                               std::size_t most_bytes, std::size_t most_files) {
    std::set<fs::path> files;
    for (const auto& path : paths) {
        std::error_code fault;
        if (fs::is_directory(path, fault)) {
            if (auto listed = list(path, endings, most_files, files); !listed)
                return std::unexpected(listed.error());
        } else {
            files.insert(path);
        }
    }
    std::vector<NamedText> out;
    for (const auto& path : files) {
        auto text = read_file(path, most_bytes);
        if (!text) return std::unexpected(text.error());
        out.push_back({path.string(), std::move(*text)});
    }
    return out;
}

}  // namespace app
