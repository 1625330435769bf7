#include "alert/lifecycle.hpp"
#include "app/command.hpp"
#include "app/files.hpp"
#include "app/open_database.hpp"
#include "app/reference_files.hpp"
#include "base/log.hpp"
#include "policy/status_edit.hpp"
#include "store/policies.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdio>

namespace app {
namespace {

struct Promoting {
    std::string name;
    std::string reason;
    bool dry_run = false;
    bool force = false;
};

/// A policy's file, and what it becomes.
struct Edit {
    policy::Policy policy;  // as it is
    std::string file;
    std::string before, after;
    std::string revision;  // of the whole set, after
};

/// The edit that gives the policy this status. The whole set must load before and after.
base::Result<Edit> plan(const Config& config, const std::string& name, std::string_view status) {
    auto read = read_policies(config.policies);
    if (!read.faults.empty()) return std::unexpected(read.faults.front().error);
    auto& files = read.files;
    const auto lists = load_lists(config.lists);
    if (!lists) return std::unexpected(lists.error());
    const auto set = link_policies(files, *lists);
    if (!set) return std::unexpected(set.error());
    const auto* policy = (*set)->find(name);
    if (!policy) {
        return base::fail(base::Fault::not_found,
                          "no policy of the configuration has the id or name '" + name + "'");
    }
    const auto file = std::ranges::find(files, policy->file, &policy::File::name);
    if (file == files.end())
        return base::fail(base::Fault::not_found, policy->file + ": is not there any more");
    Edit out{*policy, file->name, file->text, {}, {}};
    auto after = policy::with_status(*file, *policy, status);
    if (!after) return base::fail(base::Fault::invalid, to_text(after.error()));
    file->text = out.after = std::move(*after);
    const auto edited = link_policies(files, *lists);
    if (!edited) return std::unexpected(edited.error());
    out.revision = (*edited)->digest();
    return out;
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
        out.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return out;
}

/// The one line that differs, as a unified diff without context.
void print_diff(const Edit& edit) {
    const auto before = lines_of(edit.before);
    const auto after = lines_of(edit.after);
    std::size_t at = 0;
    while (at < before.size() && at < after.size() && before[at] == after[at]) ++at;
    const bool added = after.size() > before.size();
    const auto line = [](char sign, std::string_view text) {
        while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
        std::printf("%c%s\n", sign, base::log::safe(text).c_str());
    };
    const auto file = base::log::safe(edit.file);
    std::printf("--- %s\n+++ %s\n@@ -%zu,%d +%zu,1 @@\n", file.c_str(), file.c_str(),
                added ? at : at + 1, added ? 0 : 1, at + 1);
    if (!added) line('-', before[at]);
    line('+', after[at]);
}

/// False where opening the database would make one: files may be edited far from any server.
bool has_database(const Config& config) {
    std::error_code fault;
    return !config.database_url.empty() ||
           std::filesystem::exists(config.data_dir / "postgres", fault);
}

/// What promotion would do, by what was recorded while nobody was told.
void print_record(const store::ShadowRecord& record) {
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    if (record.alerts == 0) {
        std::printf("in shadow: no alert yet\n");
        return;
    }
    const auto span = *record.last - *record.first;
    const double days = std::max(1.0, std::chrono::duration<double>(span).count() / 86'400);
    std::printf("in shadow: %llu alerts about %llu subjects, %s to %s: %.1f a day, on %llu days\n",
                number(record.alerts), number(record.subjects),
                base::to_rfc3339(*record.first).c_str(), base::to_rfc3339(*record.last).c_str(),
                static_cast<double>(record.alerts) / days, number(record.days));
    const auto precision =
        alert::precision(record.true_positive, record.benign_positive, record.false_positive);
    const auto judged = precision.right + precision.wrong;
    if (judged == 0) {
        std::printf("precision: nobody has judged one of them\n");
    } else {
        std::printf("precision: %.2f (%llu of %llu judged; with 95 %% between %.2f and %.2f)\n",
                    precision.estimate, number(precision.right), number(judged), precision.low,
                    precision.high);
    }
    for (const auto& subject : record.most) {
        std::printf("  %s %s: %llu\n", base::log::safe(subject.kind).c_str(),
                    base::log::safe(subject.subject).c_str(), number(subject.alerts));
    }
}

/// Shows the record and writes the audit where there is a database; without one says so.
class Records {
public:
    explicit Records(const Config& config) {
        if (!has_database(config)) return;
        auto opened = OpenDatabase::open(config);
        if (opened) {
            database_ = std::move(*opened);
        } else {
            why_ = opened.error().reason;
        }
    }
    void show(const policy::Policy& policy) {
        if (!database_) {
            std::printf("in shadow: not known, %s\n", base::log::safe(why_).c_str());
            return;
        }
        const auto record = store::shadow_record(database_->session(), policy.key());
        if (record) {
            print_record(*record);
        } else {
            std::printf("in shadow: not known, %s\n",
                        base::log::safe(record.error().reason).c_str());
        }
    }
    /// Before the file is touched, so that no change goes without its entry.
    base::Result<void> audit(std::string_view action, const Edit& edit, std::string_view status,
                             const std::string& reason) {
        if (!database_) {
            std::fprintf(stderr, "not in the audit: %s\n", base::log::safe(why_).c_str());
            return {};
        }
        boost::json::object details{{"file", edit.file},
                                    {"from", edit.policy.status},
                                    {"to", status},
                                    {"revision", edit.revision},
                                    {"tests", edit.policy.tests.size()}};
        if (!reason.empty()) details["reason"] = reason;
        return store::audit_policy(database_->session(), actor(), action, edit.policy.key(),
                                   boost::json::serialize(details));
    }

private:
    std::optional<OpenDatabase> database_;
    std::string why_ = "there is no database";
};

Exit change(const Invocation& invocation, const Promoting& asked, std::string_view action,
            std::string_view status) {
    const bool promotes = status == "stable";
    if (asked.force && asked.reason.empty())
        return complain({base::Fault::invalid, "--force wants a --reason, for the audit"});
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    const auto edit = plan(*config, asked.name, status);
    if (!edit) return complain(edit.error());
    const auto& policy = edit->policy;
    if (edit->before == edit->after) {
        std::printf("%s is %s already\n", base::log::safe(policy.title).c_str(),
                    std::string(status).c_str());
        return Exit::done;
    }
    Records records(*config);
    if (promotes) records.show(policy);
    if (promotes && policy.tests.empty() && !asked.force) {
        return complain({base::Fault::conflict,
                         policy.file +
                             ": the policy has no tests: write some, or say --force and a "
                             "--reason"});
    }
    print_diff(*edit);
    if (asked.dry_run) return Exit::done;
    if (auto noted = records.audit(action, *edit, status, asked.reason); !noted)
        return complain(noted.error());
    if (auto written = replace_file(edit->file, edit->before, edit->after); !written)
        return complain(written.error());
    std::fprintf(stderr, "a running server takes it when it reads its files again (SIGHUP)\n");
    return Exit::done;
}

}  // namespace

void add_policy_promotion(CLI::App& group, Invocation& invocation) {
    auto asked = std::make_shared<Promoting>();
    auto* shadows = group.add_subcommand(
        "shadow", "Set a policy's status to test: alerts are recorded, and nobody is told");
    shadows->add_option("name", asked->name, "Its id or name")->required();
    shadows->add_option("--reason", asked->reason, "For the audit");
    shadows->add_flag("--dry-run", asked->dry_run, "Show the change and write nothing");
    shadows->footer("Example:\n  callerprint policy shadow busy_key");
    shadows->callback([&invocation, asked] {
        invocation.action = [&invocation, asked] {
            return change(invocation, *asked, "policy.shadow", "test");
        };
    });

    auto* promotes = group.add_subcommand(
        "promote", "Set a policy's status to stable: people are told of its alerts from then on");
    promotes->add_option("name", asked->name, "Its id or name")->required();
    promotes->add_option("--reason", asked->reason, "For the audit; compulsory with --force");
    promotes->add_flag("--force", asked->force, "Although the policy has no tests");
    promotes->add_flag("--dry-run", asked->dry_run, "Show the change and write nothing");
    promotes->footer(
        "Shows first what was recorded in shadow: alerts a day, precision, subjects.\n"
        "Example:\n  callerprint policy promote busy_key --dry-run");
    promotes->callback([&invocation, asked] {
        invocation.action = [&invocation, asked] {
            return change(invocation, *asked, "policy.promote", "stable");
        };
    });
}

}  // namespace app
