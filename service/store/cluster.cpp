#include "store/cluster.hpp"

#include "base/kill_point.hpp"
#include "base/log.hpp"
#include "store/connection.hpp"
#include "store/process.hpp"

#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>
#include <vector>

namespace store {
namespace {

namespace fs = std::filesystem;
using base::Fault;

constexpr unsigned oldest_major = 15;
constexpr std::string_view socket_name = "/.s.PGSQL.5432";
constexpr std::string_view install_hint =
    "install them with: apt-get install postgresql-15 (or set database.url to a PostgreSQL of "
    "yours)";

std::string first_line(const fs::path& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

/// Major version by the folder's own `postgres`; 0 when it is not one.
unsigned major_of(const fs::path& folder) {
    std::error_code ignored;
    if (!fs::exists(folder / "initdb", ignored) || !fs::exists(folder / "pg_ctl", ignored) ||
        !fs::exists(folder / "postgres", ignored)) {
        return 0;
    }
    const RunAs self{::geteuid(), ::getegid(), ""};
    const auto said =
        run_program(folder / "postgres", {"--version"}, self, std::chrono::seconds(10));
    if (!said || said->status != 0) return 0;
    const auto digits = said->output.find_first_of("0123456789");
    if (digits == std::string::npos) return 0;
    return static_cast<unsigned>(std::strtoul(said->output.c_str() + digits, nullptr, 10));
}

std::vector<fs::path> likely_folders() {
    std::vector<fs::path> out;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
        out.push_back(entry.path() / "bin");
    }
    std::sort(out.rbegin(), out.rend());
    for (const auto* other :
         {"/usr/pgsql-15/bin", "/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"}) {
        out.emplace_back(other);
    }
    return out;
}

/// A lock that two of our processes cannot hold at once while they look, make and start.
class FolderLock {
public:
    explicit FolderLock(const fs::path& path)
        : fd_(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {
        if (fd_ >= 0) ::flock(fd_, LOCK_EX);
    }
    ~FolderLock() {
        if (fd_ >= 0) ::close(fd_);
    }
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

private:
    int fd_;
};

/// True while a process works in the folder: what a killed postmaster leaves ends by itself, and
/// must have ended before another one starts.
bool anybody_in(const fs::path& folder) {
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator("/proc", failed)) {
        std::error_code unreadable;
        if (fs::read_symlink(entry.path() / "cwd", unreadable) == folder && !unreadable)
            return true;
    }
    return false;
}

std::string quoted(const std::string& text) {  // for postgresql.conf
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') out += '\'';
        out += c;
    }
    return out + "'";
}

std::uint64_t memory_mb() {
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    const long size = ::sysconf(_SC_PAGE_SIZE);
    return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size) >> 20;
}

std::string user_name(uid_t uid) {
    const passwd* entry = ::getpwuid(uid);
    return entry != nullptr ? entry->pw_name : "";
}

}  // namespace

Cluster::Cluster(Options options) : options_(std::move(options)), data_(options_.folder / "data") {}

base::Result<Cluster> Cluster::open(Options options) {
    if (!options.folder.is_absolute()) {
        return base::fail(Fault::invalid, "database folder " + options.folder.string() +
                                              " must be an absolute path");
    }
    if (options.socket_folder.empty()) options.socket_folder = options.folder / "run";
    const std::size_t longest = sizeof(sockaddr_un::sun_path) - 1 - socket_name.size();
    if (options.socket_folder.string().size() > longest) {
        return base::fail(Fault::invalid,
                          "the socket folder " + options.socket_folder.string() + " has " +
                              std::to_string(options.socket_folder.string().size()) +
                              " characters and a Unix socket path allows " +
                              std::to_string(longest) + ": use a shorter data_dir");
    }
    Cluster cluster(std::move(options));
    if (auto done = cluster.find_user(); !done) return std::unexpected(done.error());
    if (auto done = cluster.make_folders(); !done) return std::unexpected(done.error());
    const FolderLock lock(cluster.options_.folder / "lock");
    const auto where =
        "host=" + cluster.options_.socket_folder.string() + " dbname=callerprint user=";
    cluster.url_ = where + "callerprint";
    cluster.read_url_ = where + "callerprint_read";
    // One that is still starting (or recovering) will answer soon: never start a second.
    const auto until = std::chrono::steady_clock::now() + cluster.options_.start_timeout;
    while (cluster.postmaster() != 0 && !cluster.answers() &&
           std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    if (cluster.postmaster() != 0) {
        if (!cluster.answers()) {
            return base::fail(Fault::unavailable, "PostgreSQL runs in " + cluster.data_.string() +
                                                      " and does not answer: see " +
                                                      (cluster.options_.folder / "log").string());
        }
        cluster.adopted_ = true;
        base::log::info("store.cluster_adopted",
                        {{"pid", static_cast<std::int64_t>(cluster.postmaster())}});
        // The programs are needed to stop it, no more.
        if (auto done = cluster.find_binaries(); !done) return std::unexpected(done.error());
        if (auto done = cluster.make_database(); !done) return std::unexpected(done.error());
        return cluster;
    }
    if (auto done = cluster.find_binaries(); !done) return std::unexpected(done.error());
    BASE_KILL_POINT("cluster.init.before");
    if (auto done = cluster.init(); !done) return std::unexpected(done.error());
    BASE_KILL_POINT("cluster.init.after");
    if (auto done = cluster.configure(); !done) return std::unexpected(done.error());
    BASE_KILL_POINT("cluster.start.before");
    if (auto done = cluster.start(); !done) return std::unexpected(done.error());
    BASE_KILL_POINT("cluster.start.after");
    return cluster;
}

base::Result<void> Cluster::find_user() {
    uid_ = ::geteuid();
    gid_ = ::getegid();
    os_user_ = user_name(uid_);
    if (uid_ != 0) return {};
    // Whoever made the cluster goes on running it, even when the preferred user was added since.
    struct stat made{};
    if (::stat((data_ / "PG_VERSION").c_str(), &made) == 0 && made.st_uid != 0) {
        uid_ = made.st_uid;
        gid_ = made.st_gid;
        os_user_ = user_name(uid_);
        return {};
    }
    // PostgreSQL refuses root, and rightly.
    for (const std::string& name : {options_.user, std::string("postgres")}) {
        const passwd* entry = ::getpwnam(name.c_str());
        if (entry == nullptr || entry->pw_uid == 0) continue;
        uid_ = entry->pw_uid;
        gid_ = entry->pw_gid;
        os_user_ = name;
        return {};
    }
    return base::fail(Fault::invalid,
                      "PostgreSQL does not run as root, and there is neither a user " +
                          options_.user + " nor postgres: useradd --system " + options_.user);
}

base::Result<void> Cluster::find_binaries() {
    const std::string made_by = first_line(data_ / "PG_VERSION");
    const unsigned wanted =
        made_by.empty() ? 0 : static_cast<unsigned>(std::strtoul(made_by.c_str(), nullptr, 10));
    auto folders =
        options_.binaries.empty() ? likely_folders() : std::vector<fs::path>{options_.binaries};
    std::string seen;
    for (const auto& folder : folders) {
        const unsigned major = major_of(folder);
        if (major == 0) continue;
        seen += (seen.empty() ? "" : ", ") + std::to_string(major);
        if (wanted == 0 ? major < oldest_major : major != wanted) continue;
        options_.binaries = folder;
        return {};
    }
    if (seen.empty()) {
        return base::fail(Fault::invalid,
                          "PostgreSQL's programs (initdb, pg_ctl, postgres) were not found: " +
                              std::string(install_hint));
    }
    if (wanted == 0) {
        return base::fail(Fault::invalid, "PostgreSQL 15 or newer is needed and only " + seen +
                                              " was found: " + std::string(install_hint));
    }
    return base::fail(Fault::invalid, "the data in " + data_.string() + " are of PostgreSQL " +
                                          made_by + " and only " + seen +
                                          " is installed: install postgresql-" + made_by +
                                          ", or move the data with pg_upgrade");
}

base::Result<void> Cluster::make_folders() {
    std::error_code failed;
    fs::create_directories(options_.folder, failed);
    if (failed) {
        return base::fail(Fault::invalid,
                          "cannot make " + options_.folder.string() + ": " + failed.message());
    }
    for (const auto& [path, mode] :
         {std::pair{options_.folder, mode_t{0755}}, std::pair{options_.socket_folder, mode_t{0755}},
          std::pair{options_.folder / "log", mode_t{0700}}}) {
        fs::create_directories(path, failed);
        struct stat about{};
        if (failed || ::stat(path.c_str(), &about) != 0) {
            return base::fail(Fault::invalid,
                              "cannot make " + path.string() + ": " + failed.message());
        }
        // A folder that was there keeps its mode unless the database could not use it.
        if (about.st_uid != uid_ &&
            (::geteuid() != 0 || path == options_.folder ||
             ::chown(path.c_str(), uid_, gid_) != 0) &&
            path != options_.folder) {
            return base::fail(Fault::invalid, path.string() + " belongs to user " +
                                                  user_name(about.st_uid) +
                                                  " and the database runs as " + os_user_ +
                                                  ": chown " + os_user_ + " " + path.string());
        }
        if (path != options_.folder) ::chmod(path.c_str(), mode);
    }
    return {};
}

base::Result<void> Cluster::init() {
    std::error_code ignored;
    // A marker beside the folder tells a half-made cluster (we died meanwhile) from one with data.
    const auto marker = options_.folder / "data.unfinished";
    if (fs::exists(data_ / "PG_VERSION", ignored) && !fs::exists(marker, ignored)) return {};
    if (fs::exists(marker, ignored)) fs::remove_all(data_, ignored);
    std::ofstream(marker) << "initdb has not finished here\n";
    fs::create_directories(data_, ignored);
    ::chmod(data_.c_str(), 0700);
    if (::geteuid() == 0 && ::chown(data_.c_str(), uid_, gid_) != 0) {
        return base::fail(Fault::invalid, "cannot give " + data_.string() + " to user " + os_user_);
    }
    std::vector<std::string> arguments{
        "-D",   data_.string(),     "-U",          "callerprint",     "-E",
        "UTF8", "--locale=C.UTF-8", "--auth=peer", "--data-checksums"};
    if (!options_.durable) arguments.emplace_back("--no-sync");
    const auto made = run_program(options_.binaries / "initdb", arguments, {uid_, gid_, os_user_},
                                  std::chrono::seconds(120));
    if (!made) return std::unexpected(made.error());
    if (made->status != 0) {
        return base::fail(Fault::invalid, "initdb failed in " + data_.string() + " as user " +
                                              os_user_ + ": " + base::log::safe(made->output));
    }
    BASE_KILL_POINT("cluster.marker.before");
    fs::remove(marker, ignored);
    base::log::info("store.cluster_made", {{"folder", data_.string()}, {"user", os_user_}});
    return {};
}

base::Result<void> Cluster::configure() {
    const auto memory = memory_mb();
    const auto shared =
        options_.shared_buffers_mb != 0
            ? options_.shared_buffers_mb
            : static_cast<unsigned>(memory < 1024 ? std::max<std::uint64_t>(memory / 8, 32) : 128);
    std::ostringstream text;
    text << "# Written at each start of Callerprint; changes here are lost.\n"
         << "listen_addresses = ''\n"
         << "unix_socket_directories = " << quoted(options_.socket_folder.string()) << "\n"
         << "unix_socket_permissions = 0777\n"  // peer authentication decides, by pg_ident.conf
         << "port = 5432\n"
         << "max_connections = 60\n"
         << "shared_buffers = " << shared << "MB\n"
         << "effective_cache_size = " << std::max<std::uint64_t>(memory / 2, 128) << "MB\n"
         << "work_mem = 16MB\n"
         << "maintenance_work_mem = 64MB\n"
         << "temp_buffers = 32MB\n"
         << "max_wal_size = " << (memory < 2048 ? 512 : 2048) << "MB\n"
         << "min_wal_size = 160MB\n"
         << "wal_compression = lz4\n"
         << "checkpoint_timeout = 10min\n"
         << "checkpoint_completion_target = 0.9\n"
         // Before it recovers it syncs all its files: 1,500 one by one took 2 to 6 s, together 0.2
         // to 0.6. What a disk says of that reaches it since Linux 5.8.
         << "recovery_init_sync_method = syncfs\n"
         << "wal_level = replica\n"
         << "max_wal_senders = 2\n"
         << "random_page_cost = 1.1\n"
         << "jit = off\n"  // MemoryDenyWriteExecute, and short statements
         << "timezone = 'UTC'\n"
         << "log_timezone = 'UTC'\n"
         << "logging_collector = on\n"
         << "log_directory = " << quoted((options_.folder / "log").string()) << "\n"
         << "log_filename = 'postgres-%a.log'\n"  // a week, then over again
         << "log_truncate_on_rotation = on\n"
         << "log_rotation_age = 1d\n"
         << "log_rotation_size = 0\n"
         << "log_min_duration_statement = 5s\n"
         << "log_parameter_max_length = 0\n"  // values are customers' data
         << "log_parameter_max_length_on_error = 0\n"
         << "log_error_verbosity = terse\n"
         << "log_min_error_statement = panic\n"
         << "log_line_prefix = '%m [%p] %a '\n";
    if (!options_.durable)
        text << "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\n";

    std::ostringstream who;
    who << "# Written at each start of Callerprint: who may be which role over the socket.\n";
    std::vector<std::string> users{os_user_, user_name(::getuid()), user_name(::geteuid()), "root"};
    std::sort(users.begin(), users.end());
    users.erase(std::unique(users.begin(), users.end()), users.end());
    for (const auto& user : users) {
        if (user.empty()) continue;
        who << "callerprint " << user << " callerprint\n"
            << "callerprint " << user << " callerprint_read\n";
    }
    const std::string access =
        "# Written at each start of Callerprint: the socket only, by the peer's user.\n"
        "local all all peer map=callerprint\n";

    const auto conf = data_ / "postgresql.conf";
    std::string main;
    {
        std::ifstream file(conf);
        main.assign(std::istreambuf_iterator<char>(file), {});
    }
    const std::string include = "include 'callerprint.conf'\n";
    if (!main.contains(include)) std::ofstream(conf, std::ios::app) << "\n" << include;
    for (const auto& [name, content] :
         {std::pair<std::string, std::string>{"callerprint.conf", text.str()},
          {"pg_ident.conf", who.str()},
          {"pg_hba.conf", access}}) {
        const auto path = data_ / name;
        std::ofstream file(path, std::ios::trunc);
        file << content;
        file.close();
        if (!file) return base::fail(Fault::invalid, "cannot write " + path.string());
        ::chmod(path.c_str(), 0600);
        if (::geteuid() == 0 && ::chown(path.c_str(), uid_, gid_) != 0) {
            return base::fail(Fault::invalid, "cannot give " + path.string() + " to " + os_user_);
        }
    }
    return {};
}

base::Result<void> Cluster::start() {
    const auto log = options_.folder / "log" / "start.log";
    std::error_code ignored;
    // The pid file of a killed postmaster stops the next one while its process id is in use, be it
    // by a zombie or by somebody else.
    const auto until = std::chrono::steady_clock::now() + options_.start_timeout;
    while (anybody_in(fs::canonical(data_, ignored)) && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    if (postmaster() == 0 && !anybody_in(fs::canonical(data_, ignored))) {
        fs::remove(data_ / "postmaster.pid", ignored);
        fs::remove(options_.socket_folder / ".s.PGSQL.5432.lock", ignored);
    }
    fs::remove(log, ignored);
    const auto started =
        run_program(options_.binaries / "pg_ctl",
                    {"start", "-w", "-s", "-D", data_.string(), "-t",
                     std::to_string(options_.start_timeout.count()), "-l", log.string()},
                    {uid_, gid_, os_user_}, options_.start_timeout + std::chrono::seconds(10));
    if (!started) return std::unexpected(started.error());
    if (started->status != 0) {
        return base::fail(Fault::unavailable,
                          "PostgreSQL in " + data_.string() + " does not start: " +
                              base::log::safe(started->output) + " " + last_words());
    }
    BASE_KILL_POINT("cluster.database.before");
    return make_database();
}

/// initdb makes no database of ours. The first start does, or, when that one was killed before it
/// came to it, the next that finds the server running.
base::Result<void> Cluster::make_database() {
    return create_database(
        "host=" + options_.socket_folder.string() + " dbname=postgres user=callerprint",
        "callerprint");
}

base::Result<void> Cluster::stop() {
    if (postmaster() == 0) return {};
    const auto stopped =
        run_program(options_.binaries / "pg_ctl",
                    {"stop", "-w", "-s", "-D", data_.string(), "-m", "fast", "-t", "60"},
                    {uid_, gid_, os_user_}, std::chrono::seconds(70));
    if (!stopped) return std::unexpected(stopped.error());
    if (stopped->status != 0 && postmaster() != 0) {
        return base::fail(Fault::unavailable,
                          "PostgreSQL in " + data_.string() +
                              " does not stop: " + base::log::safe(stopped->output));
    }
    return {};
}

base::Result<bool> Cluster::revive() {
    if (postmaster() != 0) return false;
    const FolderLock lock(options_.folder / "lock");
    if (postmaster() != 0) return false;  // a command of ours was faster
    base::log::warn("store.cluster_gone", {{"folder", data_.string()}});
    if (auto done = start(); !done) return std::unexpected(done.error());
    base::log::info("store.cluster_revived", {{"pid", static_cast<std::int64_t>(postmaster())}});
    return true;
}

pid_t Cluster::postmaster() const {
    const std::string line = first_line(data_ / "postmaster.pid");
    const auto pid = static_cast<pid_t>(std::strtol(line.c_str(), nullptr, 10));
    if (pid <= 1) return 0;
    // A file left by a crash names a process that is gone, or somebody else's by now.
    if (::kill(pid, 0) != 0 && errno == ESRCH) return 0;
    const std::string command = first_line("/proc/" + std::to_string(pid) + "/cmdline");
    return command.contains("postgres") && command.contains(data_.string()) ? pid : 0;
}

bool Cluster::answers() const {
    return can_connect(url_, std::chrono::seconds(5));
}

std::string Cluster::last_words() const {
    // What it said before it had a log file, and the end of the newest log file.
    fs::path newest;
    fs::file_time_type when = fs::file_time_type::min();
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(options_.folder / "log", ignored)) {
        if (entry.path().filename() == "start.log" || entry.last_write_time() < when) continue;
        newest = entry.path();
        when = entry.last_write_time();
    }
    std::string out;
    for (const auto& path : {options_.folder / "log" / "start.log", newest}) {
        std::ifstream file(path);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        out += base::log::safe(text.size() > 600 ? text.substr(text.size() - 600) : text);
    }
    return out;
}

}  // namespace store
