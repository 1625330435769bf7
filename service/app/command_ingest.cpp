#include "app/command.hpp"
#include "app/ingest_state.hpp"
#include "app/input.hpp"
#include "app/progress.hpp"
#include "app/uploader.hpp"
#include "base/digest.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>

namespace app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t batch_bytes = 4 << 20;
constexpr std::size_t whole_bytes =
    60 << 20;  // of a file that is one JSON text; the server decodes 64 MB

struct Ingesting {
    std::vector<std::string> paths;
    Uploader::Options upload;
    std::string progress = "auto";
    std::string state;
    bool restart = false;
};

struct Totals {
    std::uint64_t accepted = 0, rejected = 0, duplicates = 0, files = 0;
    std::string first_error;
};

base::Result<std::vector<std::string>> files_of(const std::vector<std::string>& paths) {
    std::vector<std::string> out;
    for (const auto& path : paths) {
        std::error_code fault;
        if (path == "-" || !fs::is_directory(path, fault)) {
            out.push_back(path);
            continue;
        }
        std::set<std::string> inside;
        fs::recursive_directory_iterator walk(path, fault);
        for (; !fault && walk != fs::recursive_directory_iterator(); walk.increment(fault)) {
            if (walk->is_regular_file(fault)) inside.insert(walk->path().string());
        }
        if (fault) return base::fail(base::Fault::invalid, path + ": " + fault.message());
        out.insert(out.end(), inside.begin(), inside.end());
    }
    return out;
}

/// A JSON text over several lines cannot be cut at line ends: its first line ends in the middle.
bool is_one_text(std::string_view lines) {
    const auto first = lines.substr(0, lines.find('\n'));
    const auto begin = first.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return false;
    const auto end = first.find_last_not_of(" \t\r");
    return first[begin] == '[' || (first[begin] == '{' && first[end] != '}');
}

class Ingestion {
public:
    Ingestion(const Ingesting& options, Uploader uploader)
        : options_(options),
          uploader_(std::move(uploader)),
          progress_(progress_mode(options.progress)) {}

    base::Result<void> file(const std::string& path) {
        auto state = IngestState::open(options_.state, path,
                                       options_.upload.url + " " + options_.upload.source);
        if (options_.restart) state.forget();
        auto input = Input::open(path);
        if (!input) return std::unexpected(input.error());
        ++totals_.files;
        std::uint64_t offset = 0;
        while (true) {
            auto lines = input->lines(batch_bytes, whole_bytes);
            if (!lines) return std::unexpected(lines.error());
            if (lines->empty()) break;
            std::string body(*lines);
            const bool whole = offset == 0 && is_one_text(body);
            if (whole) {
                auto rest = input->rest(whole_bytes);
                if (!rest) return std::unexpected(rest.error());
                body += *rest;
            }
            const auto end = offset + body.size();
            if (end > state.acknowledged()) {
                if (auto sent = batch(body, offset, whole); !sent) return sent;
                state.acknowledge(end);
            }
            offset = end;
        }
        return {};
    }

    void finish() { progress_.finish(line()); }
    [[nodiscard]] const Totals& totals() const { return totals_; }

private:
    base::Result<void> batch(const std::string& body, std::uint64_t offset, bool whole) {
        // The key is the content and its place: a batch sent again after a crash counts once.
        const auto identity = base::sha256(base::LengthPrefixed()
                                               .add(options_.upload.source)
                                               .add(static_cast<std::int64_t>(offset))
                                               .add(body)
                                               .text());
        const auto key = base::base32(identity);
        const auto answer =
            uploader_.send(body, whole ? "application/json" : "application/x-ndjson", key);
        if (!answer) return std::unexpected(answer.error());
        totals_.accepted += answer->accepted;
        totals_.rejected += answer->rejected;
        totals_.duplicates += answer->duplicates;
        if (totals_.first_error.empty()) totals_.first_error = answer->first_error;
        progress_.show(answer->accepted + answer->rejected + answer->duplicates, body.size(),
                       line());
        return {};
    }

    [[nodiscard]] std::string line() const {
        return std::to_string(totals_.accepted) + " accepted, " + std::to_string(totals_.rejected) +
               " rejected, " + std::to_string(totals_.duplicates) + " duplicates";
    }

    const Ingesting& options_;
    Uploader uploader_;
    Progress progress_;
    Totals totals_;
};

Exit ingest(Ingesting& options) {
    if (options.upload.token.empty()) {
        if (const char* token = std::getenv("CALLERPRINT_TOKEN")) options.upload.token = token;
    }
    if (options.upload.token.empty()) {
        return complain({base::Fault::invalid,
                         "no token; pass --token or set CALLERPRINT_TOKEN (make one with "
                         "`callerprint token create`)"});
    }
    const auto files = files_of(options.paths);
    if (!files) return complain(files.error());
    auto uploader = Uploader::make(options.upload);
    if (!uploader) return complain(uploader.error());
    Ingestion ingestion(options, std::move(*uploader));
    for (const auto& file : *files) {
        if (auto done = ingestion.file(file); !done) {
            ingestion.finish();
            return complain({done.error().fault, file + ": " + done.error().reason});
        }
    }
    ingestion.finish();
    const auto& totals = ingestion.totals();
    if (totals.rejected > 0) {
        std::fprintf(stderr,
                     "first rejected: %s; all are in investigate.dead_letters with their reason\n",
                     base::log::safe(totals.first_error).c_str());
    }
    return totals.rejected > 0 && totals.accepted + totals.duplicates == 0 ? Exit::negative
                                                                           : Exit::done;
}

}  // namespace

void add_ingest(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<Ingesting>();
    options->upload.url = "http://127.0.0.1:8080";
    auto* command = app.add_subcommand("ingest", "Send log files to a running server");
    command->add_option("paths", options->paths, "Files, folders, or - for standard input")
        ->required();
    command->add_option("--source", options->upload.source, "Source they come from, as configured")
        ->required();
    command->add_option("--url", options->upload.url,
                        "The server (default: http://127.0.0.1:8080)");
    command->add_option("--token", options->upload.token,
                        "Bearer token (default: $CALLERPRINT_TOKEN)");
    command->add_option("--progress", options->progress, "auto, always or never")
        ->check(CLI::IsMember({"auto", "always", "never"}));
    command->add_option("--state", options->state, "Folder that remembers how far each file got");
    command->add_flag("--restart", options->restart, "Send files from their beginning again");
    command->footer(
        "A file that was sent before is continued where it stopped; gzip and zstd are undone.\n"
        "Examples:\n  callerprint ingest --source gateway /var/log/gateway\n"
        "  zcat old.json.gz | callerprint ingest --source trail -");
    command->callback(
        [&invocation, options] { invocation.action = [options] { return ingest(*options); }; });
}

}  // namespace app
