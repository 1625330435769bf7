#include "app/ingest_state.hpp"

#include "base/digest.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

namespace app {
namespace fs = std::filesystem;
namespace {

fs::path default_folder() {
    if (const char* state = std::getenv("XDG_STATE_HOME"))
        return fs::path(state) / "callerprint/ingest";
    if (const char* home = std::getenv("HOME"))
        return fs::path(home) / ".local/state/callerprint/ingest";
    return "/var/tmp/callerprint/ingest";
}

/// A file system gives the number of a deleted file to the next one, so when it was made is part of
/// which file it is. Empty when there is none.
std::string identity_of(const std::string& path) {
    struct statx status{};
    if (::statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &status) != 0) return {};
    std::string out = std::to_string(status.stx_dev_major) + "." +
                      std::to_string(status.stx_dev_minor) + ":" + std::to_string(status.stx_ino);
    if ((status.stx_mask & STATX_BTIME) != 0) {
        out += ":" + std::to_string(status.stx_btime.tv_sec) + "." +
               std::to_string(status.stx_btime.tv_nsec);
    }
    return out;
}

}  // namespace

IngestState IngestState::open(const std::string& folder, const std::string& path,
                              const std::string& target) {
    IngestState state;
    if (path == "-") return state;
    state.identity_ = identity_of(path);
    if (state.identity_.empty()) return state;
    std::error_code fault;
    const auto real = fs::canonical(path, fault).string();
    const auto name = base::sha256(base::LengthPrefixed().add(real).add(target).text());
    state.file_ = (folder.empty() ? default_folder() : fs::path(folder)) /
                  base::base32(std::span(name).first(16));
    std::ifstream in(state.file_);
    std::string identity;
    std::uint64_t acknowledged = 0;
    if (in >> identity >> acknowledged && identity == state.identity_ &&
        acknowledged <= INT64_MAX) {
        state.acknowledged_ = acknowledged;
    }
    return state;
}

void IngestState::acknowledge(std::uint64_t bytes) {
    acknowledged_ = bytes;
    if (file_.empty()) return;
    std::error_code fault;
    fs::create_directories(file_.parent_path(), fault);
    const fs::path temporary = file_.string() + ".new";
    std::ofstream(temporary) << identity_ << ' ' << acknowledged_ << '\n';
    fs::rename(temporary, file_, fault);
}

}  // namespace app
