#include "call/field.hpp"
#include "policy/date.hpp"
#include "policy/header.hpp"

#include <algorithm>
#include <array>

namespace policy {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view keys[] = {"family",  "clause", "subject", "quiet",
                                     "late_ok", "benign", "series",  "keep_calls"};
constexpr std::string_view families[] = {"unlicensed", "prohibited", "abuse", "health"};

struct Subject {
    std::string_view word;
    SubjectKind kind;
    std::string_view field;
};

constexpr Subject subjects[] = {
    {"key", SubjectKind::key, "actor.user.credential_uid"},
    {"tenant", SubjectKind::tenant, "metadata.tenant_uid"},
    {"origin", SubjectKind::origin, "origin.place"},
    {"operator", SubjectKind::operator_, "operator.uid"},
};

void read_subject(const yaml::Node& node, Meta& out, Report& report) {
    const std::string& text = node.text();
    for (const Subject& subject : subjects) {
        if (text != subject.word) continue;
        out.subject = subject.kind;
        out.subject_field = subject.field;
        return;
    }
    if (!text.empty() && (call::field_of(text) || text.find('.') != std::string::npos)) {
        out.subject = SubjectKind::custom;
        out.subject_field = call::canonical(text);
        return;
    }
    std::array<std::string_view, std::size(subjects)> words;
    std::ranges::transform(subjects, words.begin(), &Subject::word);
    report.error(node.mark(), "'subject' is " + one_of(words) + ", or a field such as " +
                                  "src_endpoint.ip; not " + quoted(text) +
                                  did_you_mean(text, words));
}

void read_quiet(const yaml::Node& node, Meta& out, Report& report) {
    const auto quiet = parse_span(node.text());
    if (!quiet || *quiet > 30 * 24h)
        report.error(node.mark(), "'quiet' is a time such as 90s, 30m, 24h or 7d, of at most 30d");
    else
        out.quiet = *quiet;
}

void read_keep_calls(const yaml::Node& node, Meta& out, Report& report) {
    const auto given = node.as_bool();
    if (!given) report.error(node.mark(), "'keep_calls' is true or false");
    out.keep_calls = given.value_or(true);
}

void read_late_ok(const yaml::Node& node, Meta& out, Report& report) {
    out.late_ok = node.as_bool();
    if (!out.late_ok) report.error(node.mark(), "'late_ok' is true or false");
}

void read_entry(const yaml::Entry& entry, Meta& out, Report& report) {
    const yaml::Node& node = entry.value;
    if (entry.key == "benign") {
        out.benign = read_texts(node, "benign", true, report);
        return;
    }
    if (!node.is_scalar() || node.text().empty()) {
        report.error(entry.key_mark, quoted(entry.key) + " must be text: give it a value");
    } else if (entry.key == "family") {
        out.family = node.text();
        if (std::ranges::find(families, out.family) == std::end(families))
            report.error(node.mark(), "'family' is " + one_of(families) + ", not " +
                                          quoted(out.family) + did_you_mean(out.family, families));
    } else if (entry.key == "subject") {
        read_subject(node, out, report);
    } else if (entry.key == "quiet") {
        read_quiet(node, out, report);
    } else if (entry.key == "keep_calls") {
        read_keep_calls(node, out, report);
    } else if (entry.key == "late_ok") {
        read_late_ok(node, out, report);
    } else if (entry.key == "clause") {
        out.clause = node.text();
    } else {
        out.series = node.text();
    }
}

}  // namespace

std::string_view name(SubjectKind kind) noexcept {
    for (const Subject& subject : subjects)
        if (subject.kind == kind) return subject.word;
    return kind == SubjectKind::custom ? "custom" : "";
}

Meta read_callerprint(const yaml::Node& block, Report& report) {
    Meta out;
    out.given = true;
    if (!block.is_map() || block.entries().empty()) {
        report.error(block.mark(), "'callerprint' is a map of " + one_of(keys));
        return out;
    }
    for (const yaml::Entry& entry : block.entries()) {
        if (std::ranges::find(keys, entry.key) == std::end(keys))
            report.error(entry.key_mark, "'callerprint' has no key " + quoted(entry.key) +
                                             did_you_mean(entry.key, keys) + " It has " +
                                             one_of(keys));
        else
            read_entry(entry, out, report);
    }
    return out;
}

}  // namespace policy
