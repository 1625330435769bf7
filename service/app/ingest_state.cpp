#include "app/ingest_state.hpp"

#include "base/digest.hpp"

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

}  // namespace

IngestState IngestState::open(const std::string& folder, const std::string& path,
                              const std::string& target) {
    IngestState state;
    struct stat status{};
    if (path == "-" || ::stat(path.c_str(), &status) != 0) return state;
    std::error_code fault;
    const auto real = fs::canonical(path, fault).string();
    state.identity_ = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
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
