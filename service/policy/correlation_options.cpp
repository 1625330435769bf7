#include "policy/correlation_options.hpp"

#include "policy/date.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace policy {
namespace {

using Type = Correlation::Type;

constexpr std::string_view interval_operators[] = {"gt", "gte", "lt", "lte"};

/// What `at-least` counts, by type.
struct AtLeast {
    Type type;
    bool needed;
    std::int64_t least;
    std::int64_t most;
    std::string_view meaning;
};
constexpr AtLeast at_least[] = {
    {Type::ratio, true, 2, 1'000'000'000,
     "the denominator from which on the ratio is judged, so that 1 of 1 accuses nobody"},
    // Of two intervals the median says nothing of the other.
    {Type::cadence, true, 3, Correlation::most_intervals, "the fewest intervals that are judged"},
    {Type::absence, false, 1, 1'000'000, "the fewest calls after which silence counts"},
};

const AtLeast* at_least_of(Type type) {
    const auto* const found = std::ranges::find(at_least, type, &AtLeast::type);
    return found == std::end(at_least) ? nullptr : found;
}

/// As a time span, and also in milliseconds.
std::optional<std::chrono::microseconds> parse_interval(std::string_view text) {
    if (!text.ends_with("ms")) return parse_span(text);
    std::uint32_t count = 0;
    const char* const unit = text.data() + text.size() - 2;
    const auto [stop, error] = std::from_chars(text.data(), unit, count);
    if (error != std::errc{} || stop != unit || count == 0) return std::nullopt;
    return std::chrono::milliseconds(count);
}

class OptionsReader {
public:
    OptionsReader(const yaml::Node& block, CorrelationDraft& draft, Report& report)
        : block_(block), draft_(draft), report_(report) {}

    void read() {
        const Type type = draft_.correlation.type;
        if (type == Type::absence) check_pair();
        read_learn();
        read_at_least();
        if (const auto* entry = taken("over", type == Type::ratio)) read_over(*entry);
        if (const auto* node = taken("interval", type == Type::cadence)) read_interval(*node);
    }

private:
    /// The entry, if there is one and the type takes it.
    const yaml::Entry* taken(std::string_view key, bool takes) {
        const auto found = std::ranges::find(block_.entries(), key, &yaml::Entry::key);
        if (found == block_.entries().end()) return nullptr;
        if (takes) return &*found;
        report_.error_or_warning(draft_.ours, found->key_mark,
                                 "'" + std::string(key) + "' has no effect with '" +
                                     std::string(name(draft_.correlation.type)) + "': remove it");
        return nullptr;
    }

    void missing(std::string_view key, std::string_view what) {
        report_.error(block_.mark(), "'" + std::string(name(draft_.correlation.type)) +
                                         "' needs '" + std::string(key) +
                                         "': " + std::string(what));
    }

    void check_pair() {
        if (draft_.rules.size() <= 2) return;
        report_.error(draft_.rules[2].mark,
                      "'absence' lists one rule, or two: what happens and what must follow");
    }

    void read_at_least() {
        const AtLeast* const option = at_least_of(draft_.correlation.type);
        const auto* entry = taken("at-least", option != nullptr);
        if (entry == nullptr) {
            if (option != nullptr && option->needed) missing("at-least", option->meaning);
            return;
        }
        if (draft_.correlation.type == Type::absence && draft_.rules.size() > 1) {
            report_.error(entry->key_mark,
                          "'at-least' has no effect where a second rule must follow: remove it");
            return;
        }
        const auto value = entry->value.as_int();
        if (value && *value >= option->least && *value <= option->most) {
            draft_.correlation.at_least = static_cast<std::uint32_t>(*value);
            return;
        }
        report_.error(entry->value.mark(), "'at-least' is " + std::string(option->meaning) + ", " +
                                               std::to_string(option->least) + " to " +
                                               std::to_string(option->most));
    }

    /// A group younger than what is remembered cannot tell what is new, so that is the default.
    void read_learn() {
        const bool takes = draft_.correlation.type == Type::new_value;
        if (takes) draft_.correlation.learn = draft_.correlation.timespan;
        const auto* entry = taken("learn", takes);
        if (entry == nullptr) return;
        const auto span = parse_span(entry->value.text());
        if (!span) {
            report_.error(entry->value.mark(),
                          "'learn' is a whole number and a unit, such as 1d: a group that is "
                          "younger learns its values and does not fire");
            return;
        }
        draft_.correlation.learn = *span;
        draft_.learn_mark = entry->value.mark();
    }

    void read_over(const yaml::Entry& entry) {
        if (entry.value.text() == "all")
            draft_.correlation.over_all = true;
        else
            report_.error(entry.value.mark(),
                          "'over' is all: the first rule's hits over the calls that match any of "
                          "'rules'. Without it they are over the hits of the second");
    }

    void read_interval(const yaml::Entry& entry) {
        draft_.interval_mark = entry.value.mark();
        if (!entry.value.is_map() || entry.value.entries().empty()) {
            report_.error(entry.value.mark(), "'interval' is a map such as { gte: 33ms, lte: 5s }");
            return;
        }
        for (const yaml::Entry& bound : entry.value.entries()) {
            const auto* const op = std::ranges::find(interval_operators, bound.key);
            const auto value = parse_interval(bound.value.text());
            if (op == std::end(interval_operators))
                report_.error(bound.key_mark, "'interval' has no key " + quoted(bound.key) +
                                                  did_you_mean(bound.key, interval_operators));
            else if (!value)
                report_.error(bound.value.mark(), quoted(bound.key) +
                                                      " needs a whole number and a unit, such as "
                                                      "33ms, 5s or 1m");
            else
                draft_.correlation.interval.push_back(
                    {static_cast<Correlation::Operator>(op - std::begin(interval_operators)),
                     static_cast<double>(value->count())});
        }
    }

    const yaml::Node& block_;
    CorrelationDraft& draft_;
    Report& report_;
};

}  // namespace

void read_options(const yaml::Node& block, CorrelationDraft& draft, Report& report) {
    OptionsReader(block, draft, report).read();
}

}  // namespace policy
