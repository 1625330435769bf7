#include "registry/registry.hpp"

#include "base/digest.hpp"
#include "registry/import.hpp"

#include <algorithm>
#include <tuple>

namespace registry {
namespace {

base::Error twice(std::string_view kind) {
    return {base::Fault::invalid, "two registry rows of kind " + std::string(kind) +
                                      " have the same uid, or one has none"};
}

/// Equal for equal contents, in whatever order the rows came.
std::string version_of(const Rows& rows) {
    const std::string text = print_rows(rows);
    std::vector<std::string_view> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        lines.push_back(std::string_view(text).substr(at, end - at));
        at = end + 1;
    }
    std::ranges::sort(lines);
    std::string sorted;
    sorted.reserve(text.size());
    for (const auto line : lines) sorted.append(line).push_back('\n');
    return base::hex(base::sha256(sorted));
}

template <class Row>
bool index_by_uid(const std::vector<Row>& rows,
                  boost::unordered_flat_map<std::string_view, std::uint32_t>& index) {
    index.reserve(rows.size());
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
        if (rows[i].uid.empty() || !index.emplace(rows[i].uid, i).second) return false;
    }
    return true;
}

template <class Row, class Index>
const Row* find(const std::vector<Row>& rows, const Index& index, std::string_view uid) noexcept {
    const auto found = index.find(uid);
    return found == index.end() ? nullptr : &rows[found->second];
}

}  // namespace

base::Result<std::shared_ptr<const Registry>> Registry::build(Rows rows) {
    // Versions of a licence stand together, oldest knowledge first: answers do not depend on the
    // order in which rows were imported.
    std::ranges::sort(rows.licences, [](const Licence& a, const Licence& b) {
        return std::tie(a.uid, a.known_from) < std::tie(b.uid, b.known_from);
    });
    std::ranges::sort(rows.gates, {}, &Gate::uid);
    std::shared_ptr<Registry> out(new Registry(std::move(rows)));
    if (auto indexed = out->index(); !indexed) return std::unexpected(indexed.error());
    out->version_ = version_of(out->rows_);
    return out;
}

base::Result<void> Registry::index() {
    if (!index_by_uid(rows_.tenants, tenants_)) return std::unexpected(twice("tenant"));
    if (!index_by_uid(rows_.keys, keys_)) return std::unexpected(twice("key"));
    if (!index_by_uid(rows_.parties, parties_)) return std::unexpected(twice("party"));
    Index gates;
    if (!index_by_uid(rows_.gates, gates)) return std::unexpected(twice("gate"));

    for (std::uint32_t i = 0; i < rows_.licences.size(); ++i) {
        const Licence& row = rows_.licences[i];
        auto& holders =
            row.subject_kind == Licence::Subject::tenant ? tenant_licences_ : party_licences_;
        holders[row.subject].push_back(i);
        terms_.push_back(Terms::of(row.parameters));
        terms_.back().mark(parameters_read_);
    }
    for (std::uint32_t i = 0; i < rows_.leaks.size(); ++i) {
        for (const std::string* id : {&rows_.leaks[i].key, &rows_.leaks[i].key_hash}) {
            if (id->empty() || !rows_.leaks[i].first_seen) continue;
            const auto [found, fresh] = leaks_.emplace(*id, i);
            if (!fresh && rows_.leaks[i].first_seen < rows_.leaks[found->second].first_seen)
                found->second = i;
        }
    }
    return {};
}

const Tenant* Registry::tenant(std::string_view uid) const noexcept {
    return find(rows_.tenants, tenants_, uid);
}

const Key* Registry::key(std::string_view uid) const noexcept {
    return find(rows_.keys, keys_, uid);
}

const Party* Registry::party(std::string_view uid) const noexcept {
    return find(rows_.parties, parties_, uid);
}

const Leak* Registry::leak(std::string_view key) const noexcept {
    return find(rows_.leaks, leaks_, key);
}

}  // namespace registry
