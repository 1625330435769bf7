#include "policy/explain.hpp"

#include "policy/element.hpp"
#include "policy/fold.hpp"
#include "policy/rule.hpp"

#include <map>
#include <utility>

namespace policy {
namespace {

constexpr std::size_t most_actual_bytes = 512;

/// Not through the middle of a code point.
std::string shortened(std::string text) {
    if (text.size() <= most_actual_bytes) return text;
    std::size_t end = most_actual_bytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end) + "...";
}

std::string text_of(const call::Value& value, std::span<const Element> elements) {
    if (value.absent()) return "(absent)";
    if (elements.empty()) return "(empty list)";
    std::string out;
    for (const Element& element : elements) {
        if (!out.empty()) out += ", ";
        if (element.has_text)
            out += element.text;
        else
            out += element.value.kind() == call::Value::Kind::null ? "(null)" : "(object)";
        if (out.size() > most_actual_bytes) break;
    }
    return shortened(std::move(out));
}

/// The fields of one call, each looked up and folded once.
class Fields {
public:
    explicit Fields(const call::Call& call) : call_(call) {}

    struct Field {
        call::Value value;
        Elements elements;
    };
    const Field& operator[](const std::string& name) {
        const auto [found, fresh] = fields_.try_emplace(name);
        if (fresh) {
            const call::Slot slot = call_.names().find(name);
            if (slot != call::no_slot) found->second.value = call_.at(slot);
            found->second.elements.fill(found->second.value);
        }
        return found->second;
    }

private:
    const call::Call& call_;
    std::map<std::string, Field> fields_;
};

void compare(std::string_view dimension, const std::string& wanted, const std::string& got,
             std::vector<LogSourceMismatch>& out) {
    if (!wanted.empty() && !got.empty() && folded(wanted) != folded(got))
        out.push_back({dimension, wanted, got});
}

}  // namespace

std::vector<LogSourceMismatch> mismatches(const LogSource& rule, const LogSource& record) {
    std::vector<LogSourceMismatch> out;
    compare("product", rule.product, record.product, out);
    compare("service", rule.service, record.service, out);
    compare("category", rule.category, record.category, out);
    return out;
}

Explanation explain(const Set& set, PolicyIndex policy, const call::Call& call) {
    Explanation out;
    const Rule* rule = set.rule(policy);
    if (rule == nullptr) return out;
    Fields fields(call);
    const auto predicate_holds = [&](std::uint32_t p) {
        const Predicate& predicate = rule->predicates[p];
        const auto& field = fields[predicate.field];
        std::span<const Element> other;
        if (predicate.refers_to_field()) other = fields[predicate.text].elements.all();
        return holds(predicate, field.value, field.elements.all(), other);
    };
    for (const RuleItem& item : rule->items) {
        const auto& field = fields[item.field];
        out.findings.push_back({item.selection, item.block, item.field, item.op, item.expected,
                                text_of(field.value, field.elements.all()),
                                item.expression.holds(predicate_holds)});
    }
    const auto item_holds = [&](std::uint32_t i) { return out.findings[i].held; };
    for (const RuleSelection& selection : rule->selections)
        out.selections.push_back({selection.name, selection.expression.holds(item_holds)});
    out.matched = rule->condition.holds([&](std::uint32_t s) { return out.selections[s].held; });
    out.condition = rule->condition_text;
    return out;
}

}  // namespace policy
