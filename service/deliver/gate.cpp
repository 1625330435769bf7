#include "deliver/gate.hpp"

#include <algorithm>
#include <array>

namespace deliver {
namespace {

// Names that no public name server answers for (RFC 6761, RFC 8375, ICANN's .internal) or that
// only mean something inside.
constexpr std::array<std::string_view, 10> inside_domains{
    "localhost", "local", "localdomain", "internal", "intranet",
    "home.arpa", "lan",   "corp",        "home",     "private"};

bool inside_name(std::string_view host) {
    if (!host.contains('.')) return true;
    return std::ranges::any_of(inside_domains, [host](std::string_view domain) {
        return host.ends_with(domain) &&
               (host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.');
    });
}

std::unexpected<base::Error> refuse(std::string_view why) {
    return base::fail(base::Fault::invalid, std::string(why));
}

}  // namespace

base::Result<Gate> Gate::make(const Options& options) {
    Gate gate;
    gate.ports_ = options.ports;
    for (const auto& text : options.trusted) {
        const auto network = call::parse_network(text);
        if (!network) return refuse("a trusted network must be one such as 10.20.0.0/16");
        gate.trusted_.push_back(*network);
    }
    return gate;
}

bool Gate::trusts(const call::Address& address) const {
    return std::ranges::any_of(trusted_, [&](const auto& n) { return n.contains(address); });
}

base::Result<http::Url> Gate::check(std::string_view text, bool insecure) const {
    auto url = http::parse_url(text);
    if (!url) return url;
    const bool literal = url->kind != http::Url::Host::name;
    const auto address = literal ? call::parse_address(url->host) : std::nullopt;
    if (literal && !allows(url->host, insecure)) {
        return refuse("the URL points to an address that is not public");
    }
    if (insecure || (address && trusts(call::unmapped(*address)))) return url;
    if (!url->https) return refuse("the URL must start with https://");
    if (std::ranges::find(ports_, url->port) == ports_.end()) {
        return refuse("the URL's port is not one of those allowed");
    }
    if (!literal && inside_name(url->host)) return refuse("the URL names a host inside");
    return url;
}

bool Gate::allows(std::string_view text, bool insecure) const {
    const auto address = call::parse_address(text);
    if (!address) return false;
    if (trusts(call::unmapped(*address))) return true;
    switch (reach_of(*address)) {
        case Reach::global:
            return true;
        case Reach::inside:
            return insecure;
        case Reach::forbidden:
            return false;
    }
    return false;
}

}  // namespace deliver
