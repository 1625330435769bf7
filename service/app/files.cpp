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

/// The folder's files into `out`; what is wrong into `faults`.
void list(const fs::path& folder, const std::vector<std::string>& endings, std::size_t most,
          std::set<fs::path>& out, std::vector<FileFault>& faults) {
    std::error_code fault;
    fs::recursive_directory_iterator walk(folder, fault);
    for (; !fault && walk != fs::recursive_directory_iterator(); walk.increment(fault)) {
        if (walk.depth() > 16) walk.disable_recursion_pending();
        if (!walk->is_regular_file(fault) || !has_ending(walk->path(), endings)) continue;
        if (!stays_below(walk->path(), folder)) {
            faults.push_back({walk->path().string(),
                              {base::Fault::invalid,
                               walk->path().string() + ": links out of " + folder.string() +
                                   "; copy the file in, or name its folder"}});
            continue;
        }
        if (out.size() >= most) {
            faults.push_back({folder.string(),
                              {base::Fault::exhausted, folder.string() + ": more than " +
                                                           std::to_string(most) + " files"}});
            return;
        }
        out.insert(walk->path());
    }
    if (fault) {
        faults.push_back(
            {folder.string(), {base::Fault::invalid, folder.string() + ": " + fault.message()}});
    }
}

/// Writes all; the errno of what failed, or 0.
int write_all(int file, std::string_view bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
        const auto put = ::write(file, bytes.data() + done, bytes.size() - done);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return errno;
        done += static_cast<std::size_t>(put);
    }
    return 0;
}

/// What failed and its errno, 0 when nothing did.
struct Failure {
    fs::path at;
    int code = 0;
};

/// Temporary name, sync, rename. What takes the place of a file gets its mode, whatever the umask,
/// and its owner.
Failure replace(const fs::path& path, std::string_view bytes, mode_t mode,
                const struct stat* there) {
    const fs::path temporary = path.string() + ".new";
    const Descriptor file(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
    if (file.number() < 0) return {temporary, errno};
    // Only root can give a file away; for everybody else the owner is right already.
    const bool owned = there == nullptr || ::geteuid() != 0 ||
                       ::fchown(file.number(), there->st_uid, there->st_gid) == 0;
    const bool exact = there == nullptr || ::fchmod(file.number(), mode) == 0;
    if (!owned || !exact) return {temporary, errno};
    if (const int code = write_all(file.number(), bytes); code != 0) {
        ::unlink(temporary.c_str());
        return {temporary, code};
    }
    const fs::path folder_path = path.has_parent_path() ? path.parent_path() : ".";
    const Descriptor folder(::open(folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (::fsync(file.number()) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0 ||
        folder.number() < 0 || ::fsync(folder.number()) != 0) {
        return {path, errno};
    }
    return {};
}

/// Into what is no regular file, such as /dev/stdout: there is nothing to replace.
base::Result<void> write_through(const fs::path& path, std::string_view bytes) {
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (file.number() < 0) return std::unexpected(error_of(path, errno));
    if (const int code = write_all(file.number(), bytes); code != 0)
        return std::unexpected(error_of(path, code));
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
    if (const auto [at, code] = replace(path, bytes, 0400, nullptr); code != 0)
        return base::fail(base::Fault::unavailable, error_of(at, code).reason);
    return {};
}

base::Result<void> replace_file(const fs::path& path, std::string_view expected,
                                std::string_view bytes) {
    const auto now = read_file(path, expected.size());
    if (!now || *now != expected)
        return base::fail(base::Fault::conflict,
                          path.string() + ": was changed meanwhile; nothing was written");
    return write_file(path, bytes);
}

base::Result<void> write_file(const fs::path& path, std::string_view bytes) {
    std::error_code fault;
    fs::path real = fs::weakly_canonical(path, fault);
    if (fault) real = path;
    struct stat status{};
    const bool there = ::stat(real.c_str(), &status) == 0;
    if (there && !S_ISREG(status.st_mode)) return write_through(real, bytes);
    const auto [at, code] =
        replace(real, bytes, there ? status.st_mode & 07777 : 0644, there ? &status : nullptr);
    if (code != 0) return std::unexpected(error_of(at, code));
    return {};
}

Tree read_each(const std::vector<fs::path>& paths, const std::vector<std::string>& endings,
               std::size_t most_bytes, std::size_t most_files) {
    Tree out;
    std::set<fs::path> files;
    for (const auto& path : paths) {
        std::error_code fault;
        if (fs::is_directory(path, fault))
            list(path, endings, most_files, files, out.faults);
        else
            files.insert(path);
    }
    for (const auto& path : files) {
        auto text = read_file(path, most_bytes);
        if (text)
            out.texts.push_back({path.string(), std::move(*text)});
        else
            out.faults.push_back({path.string(), text.error()});
    }
    return out;
}

base::Result<std::vector<NamedText>> read_tree(const std::vector<fs::path>& paths,
                                               const std::vector<std::string>& endings,
                                               std::size_t most_bytes, std::size_t most_files) {
    auto tree = read_each(paths, endings, most_bytes, most_files);
    if (!tree.faults.empty()) return std::unexpected(std::move(tree.faults.front().error));
    return std::move(tree.texts);
}

}  // namespace app
