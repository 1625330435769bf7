#include "policy/linker.hpp"

#include "base/digest.hpp"
#include "policy/fold.hpp"
#include "policy/header.hpp"
#include "policy/program.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace policy {
namespace {

constexpr std::size_t most_files = 10'000;

bool inside(const std::string& filter, const std::string& rule) {
    return filter.empty() || folded(filter) == folded(rule);
}

}  // namespace

bool Linker::Filter::covers(const LogSource& of) const {
    return inside(log_source.product, of.product) && inside(log_source.service, of.service) &&
           inside(log_source.category, of.category);
}

Linker::Linker(std::span<const File> files, const Lists& lists)
    : files_(files), lists_(lists), context_{lists, {}}, set_(new Set) {}

std::expected<std::shared_ptr<const Set>, std::vector<Problem>> Linker::link() {
    if (files_.size() > most_files)
        return std::unexpected(std::vector<Problem>{
            {files_.back().name, 0, 0, false, "more than 10,000 policy files: load fewer"}});
    for (std::size_t file = 0; file < files_.size(); ++file) read(file);
    correlations_.resize(set_->policies_.size());
    for (PolicyIndex policy = 0; policy < set_->policies_.size(); ++policy)
        if (drafts_[policy]) resolve_correlation(policy);
    order_correlations();
    apply_filters();
    decide_generate();
    check_effects();
    check_inert();
    check_geography();
    sort_problems();
    const bool failed =
        std::ranges::any_of(problems_, [](const Problem& problem) { return !problem.warning; });
    if (failed) return std::unexpected(std::move(problems_));

    for (auto& rule : rules_) set_->rules_.push_back(std::move(rule));
    for (auto& correlation : correlations_) set_->correlations_.push_back(std::move(correlation));
    check_names();
    if (!problems_.empty() && !problems_.back().warning) return std::unexpected(problems_);
    set_->program_ = Program::compile(set_->rules_);
    set_->warnings_ = std::move(problems_);
    set_->digest_ = digest();
    return std::shared_ptr<const Set>(std::move(set_));
}

Report Linker::report_of(PolicyIndex policy) {
    return {set_->policies_[policy].file, problems_};
}

yaml::Mark Linker::mark_of(PolicyIndex policy) const {
    return {set_->policies_[policy].line, 1};
}

void Linker::read(std::size_t file) {
    Report report(files_[file].name, problems_);
    for (const Document& document : read_source(files_[file], report)) read(document, file, report);
}

void Linker::read(const Document& document, std::size_t file, Report& report) {
    if (document.kind == Document::Kind::filter) {
        read_filter(document, file, report);
        return;
    }
    const auto policy = static_cast<PolicyIndex>(set_->policies_.size());
    set_->policies_.push_back(read_header(document, report));
    check_unique(policy, document.root, report);
    drafts_.emplace_back();
    rules_.emplace_back();
    if (document.kind == Document::Kind::correlation) {
        drafts_.back() = read_correlation(document.root, report);
        for (const std::string_view key : {"logsource", "detection"})
            if (const yaml::Node* node = document.root.find(key))
                report.warn(node->mark(),
                            "'" + std::string(key) + "' has no effect in a correlation");
        return;
    }
    const yaml::Node* detection = document.root.find("detection");
    if (detection == nullptr) {
        report.error(mark_of(policy), "'detection' is missing: add selections and a condition");
        return;
    }
    const Ast ast = read_detection(*detection, detection->mark(), "", report);
    rules_.back() = std::make_unique<Rule>(build_rule(ast, context_, report));
    if (const yaml::Node* node = document.root.find("generate")) {
        if (!node->as_bool()) report.error(node->mark(), "'generate' is true or false");
        set_->policies_.back().generate = node->as_bool().value_or(false);
    } else {
        set_->policies_.back().generate = false;  // decide_generate adds what is not referred to
    }
}

void Linker::read_filter(const Document& document, std::size_t file, Report& report) {
    const Policy header = read_header(document, report);
    const yaml::Node& block = *document.root.find("filter");
    Filter filter{header.title, header.log_source, {}, false, {}, file, block.mark()};
    for (const std::string_view key : {"callerprint", "tests"})
        if (const yaml::Node* node = document.root.find(key))
            report.error(node->mark(), "'" + std::string(key) +
                                           "' has no effect in a filter: write it into the rules "
                                           "that the filter restricts");
    if (const yaml::Node* rules = block.find("rules")) {
        const auto texts = read_texts(*rules, "rules", true, report);
        const bool listed = texts.size() == rules->items().size();
        for (std::size_t i = 0; i < texts.size(); ++i)
            filter.rules.push_back({texts[i], listed ? rules->items()[i].mark() : rules->mark()});
        filter.any_rule = filter.rules.empty() ||
                          (filter.rules.size() == 1 && filter.rules.front().text == "any");
    } else {
        report.error(block.mark(),
                     "'rules' is missing: list the ids or names of the rules to "
                     "filter, or write any");
    }
    const Ast ast = read_detection(block, block.mark(), "rules", report);
    filter.rule = build_rule(ast, context_, report);
    filters_.push_back(std::move(filter));
}

void Linker::check_unique(PolicyIndex policy, const yaml::Node& root, Report& report) {
    const Policy& mine = set_->policies_[policy];
    const auto check = [&](const std::string& value, std::string_view key, auto& known) {
        if (value.empty()) return;
        const auto [found, fresh] = known.try_emplace(value, policy);
        if (fresh) return;
        const Policy& first = set_->policies_[found->second];
        report.error(root.find(key)->mark(), "the " + std::string(key) + " " + quoted(value) +
                                                 " is taken by " + first.file + ":" +
                                                 std::to_string(first.line) + ": change one");
    };
    check(mine.id, "id", by_id_);
    check(mine.name, "name", by_name_);
}

std::optional<PolicyIndex> Linker::resolve(const Reference& reference, Report& report) {
    if (const auto found = by_id_.find(reference.text); found != by_id_.end()) return found->second;
    if (const auto found = by_name_.find(reference.text); found != by_name_.end())
        return found->second;
    std::vector<std::string_view> known;
    for (const auto& [name, policy] : by_name_) known.push_back(name);
    std::ranges::sort(known);
    report.error(reference.mark, "no rule has the id or name " + quoted(reference.text) +
                                     did_you_mean(reference.text, known));
    return std::nullopt;
}

void Linker::apply_filters() {
    for (const Filter& filter : filters_) {
        Report report(files_[filter.file].name, problems_);
        std::vector<PolicyIndex> listed;
        if (!filter.any_rule)
            for (const Reference& reference : filter.rules)
                if (const auto policy = resolve(reference, report)) listed.push_back(*policy);
        bool restricts = false;
        for (PolicyIndex policy = 0; policy < rules_.size(); ++policy) {
            const bool chosen =
                filter.any_rule || std::ranges::find(listed, policy) != listed.end();
            if (!rules_[policy] || !chosen || !filter.covers(set_->policies_[policy].log_source))
                continue;
            rules_[policy]->restrict_by(filter.rule, filter.title);
            restricts = true;
        }
        if (filter.any_rule || listed.size() == filter.rules.size())
            check_filter(filter, listed, restricts, report);
    }
}

void Linker::decide_generate() {
    std::vector<bool> referred(set_->policies_.size());
    for (PolicyIndex policy = 0; policy < referred.size(); ++policy) {
        if (drafts_[policy]) set_->policies_[policy].generate = drafts_[policy]->generate;
    }
    for (PolicyIndex policy = 0; policy < correlations_.size(); ++policy) {
        if (!correlations_[policy]) continue;
        for (const PolicyIndex rule : correlations_[policy]->rules) {
            referred[rule] = true;
            if (drafts_[policy]->generate) set_->policies_[rule].generate = true;
        }
    }
    for (PolicyIndex policy = 0; policy < referred.size(); ++policy) {
        if (!referred[policy]) set_->policies_[policy].generate = true;
    }
}

std::string Linker::digest() const {
    base::LengthPrefixed text;
    for (const File& file : files_) text.add(file.name).add(file.text);
    for (const auto& [name, values] : lists_) {
        text.add(name).add(static_cast<std::int64_t>(values.size()));
        for (const std::string& value : values) text.add(value);
    }
    return base::hex(base::sha256(text.text()));
}

void Linker::sort_problems() {
    std::unordered_map<std::string, std::size_t> order;
    for (std::size_t i = 0; i < files_.size(); ++i) order.try_emplace(files_[i].name, i);
    // Sorting places, not problems: libstdc++ 12's stable_sort uses what C++17 deprecates.
    std::vector<std::tuple<std::size_t, unsigned, unsigned, std::size_t>> places;
    for (std::size_t i = 0; i < problems_.size(); ++i)
        places.emplace_back(order[problems_[i].file], problems_[i].line, problems_[i].column, i);
    std::ranges::sort(places);
    std::vector<Problem> sorted;
    for (const auto& place : places) sorted.push_back(std::move(problems_[std::get<3>(place)]));
    problems_ = std::move(sorted);
}

std::expected<std::shared_ptr<const Set>, std::vector<Problem>> Set::load(
    std::span<const File> files, const Lists& lists) {
    return Linker(files, lists).link();
}

}  // namespace policy
