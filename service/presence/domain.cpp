#include "presence/domain.hpp"

#include "base/ascii.hpp"
#include "presence/clue.hpp"

#include <algorithm>

namespace presence {

bool at_domain(std::string_view text, std::string_view domain) {
    text.remove_prefix(text.rfind('@') + 1);  // npos + 1 is 0
    if (text.size() < domain.size()) return false;
    const std::string_view end = text.substr(text.size() - domain.size());
    const bool same = std::ranges::equal(end, domain, {}, base::ascii::lower);
    return same && (end.size() == text.size() || text[text.size() - end.size() - 1] == '.');
}

DomainRecord look_up_domain(std::string_view domain, const registry::Registry& registry) {
    DomainRecord out;
    out.names.push_back(name_key(domain));
    for (const registry::Tenant& tenant : registry.rows().tenants) {
        if (at_domain(tenant.uid, domain) || at_domain(tenant.name, domain))
            out.tenants.push_back(tenant.uid);
    }
    for (const registry::Key& key : registry.rows().keys) {
        if (at_domain(key.uid, domain)) out.keys.push_back(key.uid);
    }
    for (const registry::Party& party : registry.rows().parties) {
        const bool its = std::ranges::any_of(
            party.domains, [&](const std::string& each) { return at_domain(domain, each); });
        if (!its) continue;
        out.names.push_back(name_key(party.name));
        for (const std::string& alias : party.aliases) out.names.push_back(name_key(alias));
    }
    std::erase(out.names, std::string());
    return out;
}

}  // namespace presence
