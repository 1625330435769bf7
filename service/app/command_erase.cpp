#include "api/erasures.hpp"
#include "app/command.hpp"
#include "app/open_database.hpp"
#include "app/output.hpp"
#include "base/log.hpp"
#include "store/erasures.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>

namespace app {
namespace {

struct Erasing {
    std::vector<std::string> values;
    std::string file;
    std::string reason;
    std::string id;
};

/// One value a line; "-" is the standard input.
base::Result<void> read_values(const std::string& path, std::vector<std::string>& values) {
    std::ifstream file;
    if (path != "-") file.open(path);
    auto& in = path == "-" ? std::cin : file;
    for (std::string line; std::getline(in, line);)
        if (!line.empty()) values.push_back(line);
    if (in.bad() || (path != "-" && !file.is_open()))
        return base::fail(base::Fault::not_found, path + ": cannot be read");
    return {};
}

Exit with_erasures(const Invocation& invocation,
                   const std::function<Exit(store::Erasures&)>& action) {
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    auto database = OpenDatabase::open(*config);
    if (!database) return complain(database.error());
    store::Erasures erasures(database->session());
    return action(erasures);
}

Exit tell(const base::Result<store::Erasure>& erasure, const char* next) {
    if (!erasure) return complain(erasure.error());
    std::printf("%s %s\n", erasure->id.c_str(), std::string(erasure->state()).c_str());
    std::fprintf(stderr, "%s\n", next);
    return Exit::done;
}

Exit request(const Invocation& invocation, Erasing erasing) {
    if (!erasing.file.empty()) {
        if (auto read = read_values(erasing.file, erasing.values); !read)
            return complain(read.error());
    }
    return with_erasures(invocation, [&](store::Erasures& erasures) {
        const auto asked = erasures.request(erasing.values, erasing.reason, actor());
        if (asked)
            std::fprintf(stderr, "%llu rows of the database name the person\n",
                         static_cast<unsigned long long>(asked->rows_found));
        return tell(asked, "somebody else has to approve it");
    });
}

Exit list(const Invocation& invocation) {
    const auto form = form_of(invocation.output);
    if (!form) return complain(form.error());
    return with_erasures(invocation, [&](store::Erasures& erasures) {
        const auto found = erasures.list();
        if (!found) return complain(found.error());
        Table table{{"id", "state", "requested", "requested_by", "reason", "rows_found",
                     "approved_by", "done"},
                    {}};
        for (const auto& one : *found) {
            table.rows.push_back({boost::json::value(one.id), boost::json::value(one.state()),
                                  boost::json::value(base::to_rfc3339(one.requested)),
                                  boost::json::value(one.requested_by),
                                  boost::json::value(one.reason), one.rows_found,
                                  boost::json::value(one.approved_by),
                                  boost::json::value(one.done ? base::to_rfc3339(*one.done) : "")});
        }
        std::fputs(print(table, *form).c_str(), stdout);
        return Exit::done;
    });
}

Exit show(const Invocation& invocation, const Erasing& erasing) {
    return with_erasures(invocation, [&](store::Erasures& erasures) {
        const auto found = erasures.show(erasing.id);
        if (!found) return complain(found.error());
        std::printf("%s\n", json_text(api::to_json(*found)).c_str());
        return Exit::done;
    });
}

}  // namespace

void add_erase(CLI::App& app, Invocation& invocation) {
    auto* group = app.add_subcommand("erase", "Erase a person's data: one asks, another approves");
    group->require_subcommand(1);
    auto erasing = std::make_shared<Erasing>();
    const auto acts = [&](CLI::App* command, auto action) {
        command->callback([&invocation, erasing, action] {
            invocation.action = [&invocation, erasing, action] {
                return action(invocation, *erasing);
            };
        });
    };
    const auto takes_id = [&](CLI::App* command) {
        command->add_option("id", erasing->id, "Its id, as list shows it")->required();
    };

    auto* requests = group->add_subcommand("request", "Ask for an erasure");
    requests->add_option("--value", erasing->values,
                         "What names the person: an address, a name, a key; may come again");
    requests->add_option("--values-from", erasing->file, "File with one value a line; - is stdin");
    requests->add_option("--reason", erasing->reason, "Why: the number of the case, say")
        ->required();
    requests->footer(
        "Example:\n  callerprint erase request --value bob@example.org --value 203.0.113.7 "
        "--reason DSR-118");
    acts(requests, [](const Invocation& with, const Erasing& what) { return request(with, what); });

    auto* approves = group->add_subcommand("approve", "Approve what somebody else asked for");
    takes_id(approves);
    approves->footer("Example:\n  callerprint erase approve k3v5mzq7ra");
    acts(approves, [](const Invocation& with, const Erasing& what) {
        return with_erasures(with, [&](store::Erasures& erasures) {
            return tell(erasures.approve(what.id, actor()),
                        "a running server begins within a second");
        });
    });

    auto* withdraws = group->add_subcommand("withdraw", "Take a request back");
    takes_id(withdraws);
    withdraws->footer("Example:\n  callerprint erase withdraw k3v5mzq7ra");
    acts(withdraws, [](const Invocation& with, const Erasing& what) {
        return with_erasures(with, [&](store::Erasures& erasures) {
            return tell(erasures.withdraw(what.id, actor()), "nothing more is erased for it");
        });
    });

    auto* lists = group->add_subcommand("list", "All requests, without what they erase");
    add_output(*lists, invocation);
    lists->footer("Example:\n  callerprint erase list -o json");
    acts(lists, [](const Invocation& with, const Erasing&) { return list(with); });

    auto* shows = group->add_subcommand("show", "One request, with what it is to erase or did");
    takes_id(shows);
    shows->footer("Example:\n  callerprint erase show k3v5mzq7ra");
    acts(shows, [](const Invocation& with, const Erasing& what) { return show(with, what); });
}

}  // namespace app
