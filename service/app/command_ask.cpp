#include "api/ask.hpp"
#include "app/answering.hpp"
#include "app/command.hpp"
#include "app/files.hpp"
#include "app/open_database.hpp"
#include "base/log.hpp"
#include "presence/question.hpp"
#include "presence/record.hpp"
#include "registry/row_reader.hpp"
#include "store/presence_source.hpp"
#include "yaml/parse.hpp"

#include <cstdio>

namespace app {
namespace {

struct Asking {
    std::vector<std::string> clues;
    std::string file;
    std::string from, to, as_of;
    std::string case_ref;
    std::string view = "full";
    std::string form = "text";
    std::string id;
};

constexpr std::size_t clue_file_bytes = 256 * 1024;

/// A clue as written on the command line or in a file; a text file's content is read here.
base::Result<presence::Clue> clue_of(const std::string& kind, const std::string& value) {
    const auto known = presence::kind_of(kind);
    if (!known) return presence::parse_clue(kind);
    if (*known != presence::Kind::text) return presence::make_clue(*known, value);
    const auto text = read_file(value, presence::longest_text);
    if (!text) return std::unexpected(text.error());
    return presence::make_clue(*known, *text);
}

/// A YAML list of maps of one entry, "kind: value".
base::Result<void> read_clues(const std::string& path, std::vector<presence::Clue>& out) {
    const auto text = read_file(path, clue_file_bytes);
    if (!text) return std::unexpected(text.error());
    const auto documents = yaml::parse(*text, {});
    if (!documents) {
        return base::fail(base::Fault::invalid, path + ":" +
                                                    std::to_string(documents.error().mark.line) +
                                                    ": " + documents.error().what);
    }
    for (const yaml::Node& document : *documents) {
        for (const yaml::Node& each : document.items()) {
            const std::string place = path + ":" + std::to_string(each.mark().line) + ": ";
            if (!each.is_map() || each.entries().size() != 1 ||
                !each.entries().front().value.is_scalar()) {
                return base::fail(base::Fault::invalid,
                                  place + "a clue is one entry, such as `- asn: 64500`");
            }
            const auto& entry = each.entries().front();
            auto clue = clue_of(entry.key, entry.value.text());
            if (!clue) return base::fail(clue.error().fault, place + clue.error().reason);
            out.push_back(std::move(*clue));
        }
    }
    return {};
}

base::Result<base::EventTime> time_of(const char* option, const std::string& text) {
    if (const auto time = registry::parse_time(text)) return *time;
    return base::fail(base::Fault::invalid,
                      std::string(option) +
                          ": give a time with its zone, such as 2026-01-31T00:00:00Z, or a date");
}

base::Result<presence::Question> question_of(const Asking& asking, store::Session& session) {
    presence::Question out;
    out.asked_by = actor();
    out.case_ref = asking.case_ref;
    for (const std::string& text : asking.clues) {
        const auto equals = text.find('=');
        if (equals == std::string::npos) return std::unexpected(presence::parse_clue(text).error());
        auto clue = clue_of(text.substr(0, equals), text.substr(equals + 1));
        if (!clue) return std::unexpected(clue.error());
        out.clues.push_back(std::move(*clue));
    }
    if (!asking.file.empty()) {
        if (auto read = read_clues(asking.file, out.clues); !read) {
            return std::unexpected(read.error());
        }
    }
    const auto take = [](const char* option, const std::string& text,
                         auto& to) -> base::Result<void> {
        if (text.empty()) return {};
        const auto time = time_of(option, text);
        if (!time) return std::unexpected(time.error());
        to = *time;
        return {};
    };
    if (auto read = take("--from", asking.from, out.from); !read)
        return std::unexpected(read.error());
    if (auto read = take("--to", asking.to, out.to); !read) return std::unexpected(read.error());
    if (auto read = take("--as-of", asking.as_of, out.as_of); !read) {
        return std::unexpected(read.error());
    }
    const auto newest = asking.to.empty() ? store::newest_event(session, out.as_of) : out.to;
    if (!newest) return std::unexpected(newest.error());
    auto whole = presence::complete(out, !asking.from.empty(), !asking.to.empty(), *newest);
    if (!whole) return std::unexpected(whole.error());
    return out;
}

presence::View view_of(const std::string& name) {
    return name == "press"          ? presence::View::press
           : name == "pseudonymous" ? presence::View::pseudonymous
                                    : presence::View::full;
}

void print(const store::StoredAnswer& answer, const Asking& asking) {
    const auto view = view_of(asking.view);
    if (asking.form == "json") {
        // The whole record as the bytes that were signed.
        std::printf(
            "%s\n",
            view == presence::View::full
                ? answer.record.c_str()
                : presence::canonical(presence::render(api::record_of(answer), view)).c_str());
        return;
    }
    const std::string text = presence::to_text(presence::render(api::record_of(answer), view));
    // Line by line: what strangers wrote must not drive the terminal.
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        std::printf("%s\n", base::log::safe(text.substr(at, end - at)).c_str());
        at = end + 1;
    }
}

Exit ask(const Invocation& invocation, const Asking& asking) {
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    auto database = OpenDatabase::open(*config);
    if (!database) return complain(database.error());
    auto& session = database->session();
    auto question = question_of(asking, session);
    if (!question) return complain(question.error());
    const auto answering = make_answering(*config);
    if (!answering) return complain(answering.error());
    const auto answer = api::ask(session, std::move(*question), **answering, base::WallClock::now(),
                                 (*answering)->per_hour);
    if (!answer) return complain(answer.error());
    print(*answer, asking);
    return Exit::done;
}

Exit show(const Invocation& invocation, const Asking& asking) {
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    auto database = OpenDatabase::open(*config);
    if (!database) return complain(database.error());
    const auto answer = store::Answers(database->session()).show(asking.id, actor());
    if (!answer) return complain(answer.error());
    print(*answer, asking);
    return Exit::done;
}

Exit export_bundle(const Invocation& invocation, const Asking& asking) {
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    const auto answering = make_answering(*config);
    if (!answering) return complain(answering.error());
    auto database = OpenDatabase::open(*config);
    if (!database) return complain(database.error());
    const auto answer = store::Answers(database->session()).show(asking.id, actor());
    if (!answer) return complain(answer.error());
    const auto bundle = api::export_answer(database->session(), *answer, **answering);
    if (!bundle) return complain(bundle.error());
    if (asking.file.empty()) {
        std::fwrite(bundle->data(), 1, bundle->size(), stdout);
        return Exit::done;
    }
    if (auto written = write_file(asking.file, *bundle); !written) return complain(written.error());
    std::fprintf(stderr, "%s: %zu bytes; check it with callerprint-verify %s %s\n",
                 asking.file.c_str(), bundle->size(), asking.file.c_str(),
                 api::public_key_text(**answering).c_str());
    return Exit::done;
}

Exit print_key(const Invocation& invocation) {
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    const auto answering = make_answering(*config);
    if (!answering) return complain(answering.error());
    std::printf("%s\n", api::public_key_text(**answering).c_str());
    return Exit::done;
}

void add_form(CLI::App& command, Asking& asking) {
    command.add_option("-o,--output", asking.form, "text or json")
        ->check(CLI::IsMember({"text", "json"}));
    command
        .add_option("--view", asking.view, "full, pseudonymous, or press (no identifier at all)")
        ->check(CLI::IsMember({"full", "pseudonymous", "press"}));
}

}  // namespace

void add_ask(CLI::App& app, Invocation& invocation) {
    auto asking = std::make_shared<Asking>();
    auto* asks = app.add_subcommand("ask", "Is this party using our API, and may it?");
    asks->add_option(
        "--clue", asking->clues,
        "KIND=VALUE, as often as needed: key, key-prefix, key-suffix, key-sha256, ip,\n"
        "cidr, asn, domain, party, user-agent, sdk, resource, text-file");
    asks->add_option("--clues", asking->file, "YAML file of clues: a list of `kind: value`");
    asks->add_option("--from", asking->from, "Beginning of the period (default: 30 days before)");
    asks->add_option("--to", asking->to, "End of it (default: how far event time has come)");
    asks->add_option("--as-of", asking->as_of, "Answer with what was known then");
    asks->add_option("--case", asking->case_ref, "The case that needs the answer")->required();
    add_form(*asks, *asking);
    asks->footer(
        "Each question is in the audit; how many one may ask an hour is limited.\n"
        "Examples:\n"
        "  callerprint ask --case 4411 --clue party=Orchard --clue cidr=198.51.100.0/24\n"
        "  callerprint ask --case 4411 --clue text-file=screenshot.txt -o json\n"
        "  callerprint ask --case 4411 --clue key-suffix=9f2c --from 2026-01-01 --to 2026-02-01");
    asks->callback([&invocation, asking] {
        invocation.action = [&invocation, asking] { return ask(invocation, *asking); };
    });

    auto* group = app.add_subcommand("answer", "Answers that were given");
    group->require_subcommand(1);
    auto* shows = group->add_subcommand("show", "One answer again, as it was given");
    shows->add_option("id", asking->id, "Id, or its first characters")->required();
    add_form(*shows, *asking);
    shows->footer("Example:\n  callerprint answer show w-4n7cqz --view press");
    shows->callback([&invocation, asking] {
        invocation.action = [&invocation, asking] { return show(invocation, *asking); };
    });
    auto* exports =
        group->add_subcommand("export", "One answer with all that proves it, for somebody else");
    exports->add_option("id", asking->id, "Id, or its first characters")->required();
    exports->add_option("--out", asking->file, "File (default: standard output)");
    exports->footer(
        "It holds the full answer, identifiers included.\n"
        "Example:\n  callerprint answer export w-4n7cqz --out answer.bundle");
    exports->callback([&invocation, asking] {
        invocation.action = [&invocation, asking] { return export_bundle(invocation, *asking); };
    });
    auto* keys = group->add_subcommand("key", "The public key that answers are signed for");
    keys->footer("Example:\n  callerprint answer key");
    keys->callback(
        [&invocation] { invocation.action = [&invocation] { return print_key(invocation); }; });
}

}  // namespace app
