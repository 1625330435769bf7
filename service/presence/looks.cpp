#include "presence/looks.hpp"

#include "origin/client.hpp"
#include "presence/domain.hpp"

#include <utility>

namespace presence {
namespace {

/// Accounts under one domain; beyond them it is that of a mail provider and names nobody.
constexpr std::size_t most_accounts = 1'000;

std::vector<Look> one(Search search) {
    return {{.search = std::move(search), .group = {}}};
}

/// The name by which a program calls itself tells; the library it is built on does not.
std::vector<Look> for_client(const Clue& clue, ClueFacts& facts) {
    const origin::Client client = origin::parse_client(clue.value);
    if (!client.app.empty()) {
        return one({.by = Search::By::client, .text = client.app.substr(0, client.app.find(' '))});
    }
    if (client.family.empty() || client.family == "other" || origin::is_stock(client.family)) {
        facts.stock = true;
        return {};
    }
    Search search{.by = Search::By::client, .text = client.family};
    // A program is updated and keeps its name; of a library the version was asked for.
    if (clue.kind == Kind::sdk) search.version = client.version;
    return one(std::move(search));
}

/// What a caller says of itself is one voice, wherever it says so: in its agent, in the name of its
/// account, in the name that it gave its address. Whoever wants to be taken for another writes all
/// of them. The holder of its network is another voice.
std::vector<Look> for_domain(const Clue& clue, const registry::Registry& registry,
                             ClueFacts& facts) {
    DomainRecord record = look_up_domain(clue.value, registry);
    std::vector<Look> out;
    const auto says = [&](Search search) {
        out.push_back({.search = std::move(search), .group = Group::client});
    };
    says({.by = Search::By::client, .text = clue.value});
    says({.by = Search::By::domain, .text = clue.value});
    for (auto [by, uids] : {std::pair(Search::By::tenants, &record.tenants),
                            std::pair(Search::By::keys, &record.keys)}) {
        if (uids->size() > most_accounts) {
            facts.near_miss =
                "more than " + std::to_string(most_accounts) + " accounts are under it";
        } else if (!uids->empty()) {
            says({.by = by, .uids = std::move(*uids)});
        }
    }
    out.push_back({.search = {.by = Search::By::as_name, .names = std::move(record.names)},
                   .group = Group::egress});
    return out;
}

}  // namespace

std::vector<Look> looks_of(const Clue& clue, const registry::Registry& registry, ClueFacts& facts) {
    using By = Search::By;
    switch (clue.kind) {
        case Kind::address:
        case Kind::cidr:
            return one({.by = By::network, .network = network_of(clue)});
        case Kind::asn:
            return one({.by = By::as_number,
                        .as_number = static_cast<std::uint32_t>(std::stoul(clue.value))});
        case Kind::party:
            return one({.by = By::as_name, .names = {name_key(clue.value)}});
        case Kind::domain:
            return for_domain(clue, registry, facts);
        case Kind::user_agent:
        case Kind::sdk:
            return for_client(clue, facts);
        case Kind::resource:
            return one({.by = By::resource, .text = clue.value});
        case Kind::key:
        case Kind::key_prefix:
        case Kind::key_suffix:
        case Kind::key_sha256:
        case Kind::text:
            break;
    }
    return {};
}

}  // namespace presence
