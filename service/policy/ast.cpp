#include "policy/ast.hpp"

#include "call/field.hpp"

#include <algorithm>

namespace policy {
namespace {

constexpr std::size_t most_condition_bytes = 8 * 1024;
constexpr std::size_t most_selections = 1'000;
constexpr std::size_t most_name_bytes = 128;

class DetectionReader {
public:
    explicit DetectionReader(Report& report) : report_(report) {}

    void read_selection(const yaml::Entry& entry, Ast& ast) {
        if (entry.key.size() > most_name_bytes || ast.selections.size() >= most_selections) {
            report_.error(entry.key_mark,
                          "a rule has at most 1,000 selections with names of at "
                          "most 128 bytes");
            return;
        }
        Selection selection{entry.key, {}, entry.key_mark};
        const yaml::Node& node = entry.value;
        if (node.is_map()) {
            add_block(node, selection);
        } else if (node.is_sequence()) {
            read_list(node, selection);
        } else if (node.is_scalar()) {
            selection.blocks.push_back({keywords({node}, node.mark())});
        } else {
            report_.error(entry.key_mark,
                          "selection " + quoted(entry.key) + " is empty: give it fields");
        }
        ast.selections.push_back(std::move(selection));
    }

    void read_condition(const yaml::Entry& entry, Ast& ast) {
        const yaml::Node& node = entry.value;
        if (node.is_scalar()) add_condition(node, ast);
        for (const yaml::Node& item : node.items()) {
            if (item.is_scalar())
                add_condition(item, ast);
            else
                report_.error(item.mark(), "a condition must be text");
        }
        if (ast.conditions.empty())
            report_.error(entry.key_mark,
                          "the condition is empty: name the selections that must "
                          "hold, such as 'selection and not filter'");
    }

private:
    void add_condition(const yaml::Node& node, Ast& ast) {
        if (node.text().size() > most_condition_bytes)
            report_.error(node.mark(), "a condition longer than 8 KB");
        else
            ast.conditions.push_back({node.text(), node.mark()});
    }

    static Item keywords(std::vector<yaml::Node> values, yaml::Mark mark) {
        return {"*", true, {}, std::move(values), mark};
    }

    void read_list(const yaml::Node& list, Selection& selection) {
        if (list.items().empty()) {
            report_.error(list.mark(), "selection " + quoted(selection.name) + " is an empty list");
            return;
        }
        std::vector<yaml::Node> words;
        for (const yaml::Node& item : list.items()) {
            if (item.is_map())
                add_block(item, selection);
            else if (item.is_scalar())
                words.push_back(item);
            else
                report_.error(item.mark(), "a selection's list holds maps or keywords, not " +
                                               std::string(item.is_null() ? "null" : "lists"));
        }
        if (!words.empty()) {
            const yaml::Mark mark = words.front().mark();
            selection.blocks.push_back({keywords(std::move(words), mark)});
        }
    }

    void add_block(const yaml::Node& map, Selection& selection) {
        if (map.entries().empty()) {
            report_.error(map.mark(), "selection " + quoted(selection.name) +
                                          " is empty and would hold always: give it fields");
            return;
        }
        std::vector<Item> items;
        for (const yaml::Entry& entry : map.entries()) add_item(entry, items);
        selection.blocks.push_back(std::move(items));
    }

    void add_item(const yaml::Entry& entry, std::vector<Item>& items) {
        Item item;
        item.mark = entry.key_mark;
        const auto bar = entry.key.find('|');
        item.keyword = bar == 0 || entry.key.empty();
        item.field = item.keyword ? "*" : std::string(call::canonical(entry.key.substr(0, bar)));
        if (bar != std::string::npos) {
            auto modifiers = read_modifiers(std::string_view(entry.key).substr(bar + 1),
                                            entry.key_mark, report_);
            if (!modifiers) return;
            item.modifiers = std::move(*modifiers);
        }
        if (read_values(entry, item)) items.push_back(std::move(item));
    }

    bool read_values(const yaml::Entry& entry, Item& item) {
        const yaml::Node& node = entry.value;
        if (node.is_map()) {
            report_.error(node.mark(), "the value of " + quoted(entry.key) +
                                           " is a map: write the path as one name, such as "
                                           "'a.b: value'");
            return false;
        }
        if (!node.is_sequence()) {
            item.values.push_back(node);
            return true;
        }
        if (node.items().empty()) {
            report_.error(node.mark(), "the list of values of " + quoted(entry.key) + " is empty");
            return false;
        }
        for (const yaml::Node& value : node.items()) {
            if (value.is_scalar() || value.is_null()) {
                item.values.push_back(value);
            } else {
                report_.error(value.mark(), "a list of values holds scalars only");
                return false;
            }
        }
        return true;
    }

    Report& report_;
};

}  // namespace

Ast read_detection(const yaml::Node& detection, yaml::Mark mark, std::string_view skip,
                   Report& report) {
    Ast ast;
    if (!detection.is_map() || detection.entries().empty()) {
        report.error(mark, "this must be a map of selections and a condition");
        return ast;
    }
    DetectionReader reader(report);
    bool condition = false;
    for (const yaml::Entry& entry : detection.entries()) {
        if (entry.key == "condition") {
            condition = true;
            reader.read_condition(entry, ast);
        } else if (entry.key == "timeframe") {
            report.warn(entry.key_mark, "'timeframe' has no effect here: write a correlation");
        } else if (skip.empty() || entry.key != skip) {
            reader.read_selection(entry, ast);
        }
    }
    if (!condition)
        report.error(mark, "'condition' is missing: add one, such as 'condition: selection'");
    if (ast.selections.empty()) report.error(mark, "there is no selection: add one");
    return ast;
}

}  // namespace policy
