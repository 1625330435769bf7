#include "http/url.hpp"

#include "base/ascii.hpp"
#include "http/syntax.hpp"
#include "http/target.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <optional>

namespace http {
namespace {

constexpr std::size_t max_url_bytes = 2 * 1024;

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(label, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

/// What libc or a browser would take for a number, and the name then for an address: "1", "0x7f".
bool is_number(std::string_view label) {
    if (label.starts_with("0x")) {
        label.remove_prefix(2);
        return std::ranges::all_of(label, [](char c) { return syntax::hex_digit(c) >= 0; });
    }
    return std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_host_name(std::string_view name) {
    if (name.empty() || name.size() > 253) return false;
    while (true) {
        const auto dot = name.find('.');
        if (!is_label(name.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return !is_number(name);
        name.remove_prefix(dot + 1);
    }
}

std::unexpected<base::Error> refuse(std::string_view why) {
    return base::fail(base::Fault::invalid, "the URL " + std::string(why));
}

base::Result<void> read_host(const boost::urls::url_view& view, Url& url) {
    switch (view.host_type()) {
        case boost::urls::host_type::ipv4:
            url.kind = Url::Host::ipv4;
            url.host = view.host_ipv4_address().to_string();
            // Boost.URL reads exact dotted quads only; compare, in case another version does not.
            if (view.encoded_host() != url.host) return refuse("must write IPv4 as 192.0.2.1");
            return {};
        case boost::urls::host_type::ipv6:
            if (view.encoded_host().contains('%')) return refuse("must not hold a zone id");
            url.kind = Url::Host::ipv6;
            url.host = view.host_ipv6_address().to_string();
            return {};
        case boost::urls::host_type::name:
            break;
        default:
            return refuse("needs a host");
    }
    url.host = base::ascii::lowered(
        std::string_view(view.encoded_host().data(), view.encoded_host().size()));
    if (url.host.ends_with('.')) url.host.pop_back();
    if (!is_host_name(url.host)) {
        return refuse("must name a host in letters, digits, hyphens and dots, or a full address");
    }
    return {};
}

}  // namespace

std::string Url::authority() const {
    std::string out = kind == Host::ipv6 ? '[' + host + ']' : host;
    if (port != (https ? 443 : 80)) out += ':' + std::to_string(port);
    return out;
}

base::Result<Url> parse_url(std::string_view text) {
    if (text.size() > max_url_bytes) return refuse("is longer than 2 KB");
    const bool plain = std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
    if (!plain || text.contains('\\')) return refuse("must be printable ASCII without backslash");
    const auto parsed = boost::urls::parse_uri({text.data(), text.size()});
    if (!parsed) return refuse("is not one of RFC 3986");
    const auto view = *parsed;

    Url url;
    const auto scheme =
        base::ascii::lowered(std::string_view(view.scheme().data(), view.scheme().size()));
    if (scheme != "https" && scheme != "http") return refuse("must start with https://");
    url.https = scheme == "https";
    if (!view.has_authority()) return refuse("needs a host");
    if (view.has_userinfo()) return refuse("must hold neither user nor password");
    if (view.has_fragment()) return refuse("must hold no fragment");
    // Boost 1.81 ends an authority where its grammar does, not at the next slash: in
    // https://1.2.3.4.5/ it finds the host 1.2.3.4 and the path ".5/". So compare.
    const auto authority = text.substr(scheme.size() + 3);
    const auto found = view.encoded_authority();
    if (authority.substr(0, authority.find_first_of("/?#")) !=
        std::string_view(found.data(), found.size())) {
        return refuse("must name a host in letters, digits, hyphens and dots, or a full address");
    }
    if (auto host = read_host(view, url); !host) return std::unexpected(host.error());

    url.port = url.https ? 443 : 80;
    if (view.has_port()) {
        url.port = view.port_number();
        if (url.port == 0) return refuse("must have a port from 1 to 65535");
    }
    const auto target = view.encoded_target();
    url.target = std::string_view(target.data(), target.size());
    if (!url.target.starts_with('/')) url.target.insert(0, "/");
    const auto question = url.target.find('?');
    const bool readable = percent_decoded(std::string_view(url.target).substr(0, question)) &&
                          (question == std::string::npos ||
                           percent_decoded(std::string_view(url.target).substr(question + 1)));
    if (!readable) return refuse("must not hold escaped control bytes or broken escapes");
    return url;
}

}  // namespace http
