#include "../fake/json_call.hpp"
#include "policy/explain.hpp"
#include "policy/format.hpp"
#include "policy/matcher.hpp"
#include "policy/set.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

/// What can be laid out loads if it did before, and is then laid out.
void check_layout(const std::string& text, bool loads, const policy::Lists& lists) {
    const auto laid_out = policy::format(text);
    if (!laid_out) return;
    const policy::File file{"p.yaml", *laid_out};
    if (policy::Set::load({&file, 1}, lists).has_value() != loads) std::abort();
    const auto again = policy::format(*laid_out);
    if (!again || *again != *laid_out) std::abort();
}

}  // namespace

/// Any text is refused with a place or loads, and what loads can be matched; match and explain
/// agree; what is laid out means the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const policy::File file{"p.yaml", std::string(reinterpret_cast<const char*>(data), size)};
    const policy::Lists lists = {{"ops", {"a", "b*"}}};
    const auto set = policy::Set::load({&file, 1}, lists);
    check_layout(file.text, set.has_value(), lists);
    if (!set) {
        if (set.error().empty()) std::abort();
        return 0;
    }
    auto names = std::make_shared<call::Names>();
    (*set)->want(*names);
    call::Batch batch(names);
    boost::json::object object;
    const boost::json::value values[] = {"abc",      5,       "2024-06-01T00:00:00Z",
                                         "10.1.2.3", nullptr, boost::json::array{"x", 1.5, true}};
    for (std::size_t slot = 0; slot < names->size(); ++slot)
        object[names->name(static_cast<call::Slot>(slot))] = values[slot % std::size(values)];
    fake::append(batch, object);
    fake::append(batch, {});
    policy::Matcher matcher(*set, names, true);
    std::vector<policy::PolicyIndex> found;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        matcher.match(batch[i], matcher.route({}), found);
        for (policy::PolicyIndex p = 0; p < (*set)->policies().size(); ++p) {
            const bool matched = std::ranges::find(found, p) != found.end();
            if (policy::explain(**set, p, batch[i]).matched != matched) std::abort();
        }
    }
    return 0;
}
