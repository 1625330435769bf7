#include "decode/plan.hpp"

#include "base/ascii.hpp"
#include "decode/decoder.hpp"
#include "decode/steps.hpp"

#include <algorithm>
#include <charconv>

namespace decode {
namespace {

namespace ascii = base::ascii;

/// sourceIPAddress to source_ip_address: a blank before each capital that starts a word.
std::string snake(std::string_view path) {
    std::string out;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const bool after_small = i > 0 && !ascii::is_upper(path[i - 1]) && path[i - 1] != '.' &&
                                 path[i - 1] != '_' && path[i - 1] != '@';
        const bool before_small = i > 0 && ascii::is_upper(path[i - 1]) && i + 1 < path.size() &&
                                  !ascii::is_upper(path[i + 1]) && path[i + 1] != '.';
        if (ascii::is_upper(path[i]) && (after_small || before_small)) out += '_';
        out += ascii::lower(path[i]);
    }
    return out;
}

std::string respelled(std::string_view path, FormatModel::Spelling spelling) {
    std::string out(path);
    switch (spelling) {
        case FormatModel::Spelling::lower:
            std::ranges::transform(out, out.begin(), ascii::lower);
            return out;
        case FormatModel::Spelling::snake:
            return snake(path);
        case FormatModel::Spelling::pascal:
            for (std::size_t i = 0; i < out.size(); ++i) {
                if ((i == 0 || out[i - 1] == '.') && out[i] >= 'a' && out[i] <= 'z') {
                    out[i] = static_cast<char>(out[i] & ~0x20);
                }
            }
            return out;
    }
    return out;
}

bool present(const call::Value& value) {
    if (value.is_text()) return !value.text().empty();
    return !value.absent() && value.kind() != call::Value::Kind::null;
}

bool holds(const Condition& condition, std::string_view text) {
    const bool whole = condition.kind == Condition::Kind::equals;
    return std::ranges::any_of(condition.texts, [&](const std::string& wanted) {
        return whole ? text == wanted : text.starts_with(wanted);
    });
}

bool holds(const Condition& condition, const call::Value& value) {
    if (condition.kind == Condition::Kind::present) return present(value);
    if (condition.kind == Condition::Kind::absent) return !present(value);
    if (value.is_text()) return holds(condition, value.text());
    std::string scratch;
    std::string_view text;
    return std::ranges::any_of(value.each(), [&](const call::Value& element) {
        return call::scalar_text(element, scratch, text) && holds(condition, text);
    });
}

}  // namespace

bool holds(const CellConditions& conditions, std::span<const call::Value> cells) {
    return std::ranges::all_of(conditions, [&](const CellCondition& condition) {
        return holds(*condition.condition, cells[condition.cell]);
    });
}

Cell PathCells::exact(std::string_view path) {
    const auto [at, made] = exact_.try_emplace(std::string(path), next_);
    if (made) ++next_;
    return at->second;
}

Cell PathCells::spelled(std::string_view path) {
    if (model_.spellings.empty()) return exact(path);
    const auto [at, made] = spelled_.try_emplace(std::string(path), next_);
    if (made) ++next_;
    return at->second;
}

CellConditions PathCells::spelled(const Conditions& conditions) {
    CellConditions out;
    for (const Condition& condition : conditions) {
        out.push_back({.cell = spelled(condition.path), .condition = &condition});
    }
    return out;
}

void PathCells::finish(PathTrie& trie, std::array<std::vector<Cell>, column_count>& columns) const {
    if (model_.lines == FormatModel::Lines::access) {
        for (const auto& [path, cell] : exact_) {
            for (std::size_t i = 0; i < column_count; ++i) {
                if (name(static_cast<Column>(i)) == path) columns[i].push_back(cell);
            }
        }
    }
    for (const auto& [path, cell] : exact_) trie.add(path, cell);
    for (const auto& [path, cell] : spelled_) {
        std::vector<std::string> all{path};
        for (const auto spelling : model_.spellings) all.push_back(respelled(path, spelling));
        std::ranges::sort(all);
        all.erase(std::ranges::unique(all).begin(), all.end());
        for (const std::string& one : all) trie.add(one, cell);
    }
    for (const std::string& path : model_.nested_json) {
        trie.mark_json(path);
        for (const auto spelling : model_.spellings) trie.mark_json(respelled(path, spelling));
    }
    trie.finish();
}

Plan Plan::make(const FormatModel& model, const call::Names& names) {
    Plan plan;
    PathCells paths(model);
    for (const std::string& path : model.time) plan.time.push_back(paths.spelled(path));
    plan.want(model, names, paths);
    paths.finish(plan.trie, plan.columns);
    plan.cells = paths.count();
    return plan;
}

void Plan::want(const FormatModel& model, const call::Names& names, PathCells& paths) {
    for (call::Slot slot = 0; slot < names.size(); ++slot) {
        const std::string& wanted = names.name(slot);
        if (wanted == all_values_name) {
            all_values = slot;
            continue;
        }
        const auto field = call::field_of(wanted);
        const auto mapping = std::ranges::find_if(
            model.mappings, [&](const Mapping& m) { return field && m.field == *field; });
        if (mapping == model.mappings.end()) {
            const bool fact = field && *field >= call::first_fact && !model.maps_nothing;
            const bool logged_time = field == call::Field::time && !model.maps_nothing;
            if (!fact && !logged_time) {
                raw.push_back({.slot = slot, .cell = paths.exact(wanted)});
            }
            if (logged_time) {
                mapped.push_back({.slot = slot, .field = *field, .sources = {}});
            }
            continue;
        }
        Mapped& filled = mapped.emplace_back(Mapped{.slot = slot,
                                                    .field = *field,
                                                    .kind = kind_of(*field),
                                                    .cap = cap_of(*field),
                                                    .sources = {}});
        for (const Alternative& alternative : mapping->alternatives) {
            Source source{.cells = {}, .alternative = &alternative, .when = {}, .constant = {}};
            if (alternative.constant) source.constant = value_of(*alternative.constant);
            for (const std::string& path : alternative.from) {
                source.cells.push_back(paths.spelled(path));
            }
            source.when = paths.spelled(alternative.when);
            filled.sources.push_back(std::move(source));
        }
    }
    sort_out_plain();
}

void Plan::sort_out_plain() {
    for (std::uint32_t i = 0; i < mapped.size(); ++i) {
        const Mapped& field = mapped[i];
        const bool holds_text = field.kind == FieldKind::text || field.kind == FieldKind::texts;
        if (!holds_text || field.sources.empty() || field.sources.front().cells.size() != 1 ||
            !field.sources.front().alternative->steps.empty() ||
            !field.sources.front().when.empty()) {
            other.push_back(i);
            continue;
        }
        plain.push_back({.slot = field.slot,
                         .cell = field.sources.front().cells.front(),
                         .cap = static_cast<std::uint32_t>(field.cap),
                         .mapped = i,
                         .only = field.sources.size() == 1});
    }
}

}  // namespace decode
