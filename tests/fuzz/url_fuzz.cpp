// URLs of webhooks: what is let through has one reading, its own text reads the same, and an
// address in it is one that may be connected to.
// links: deliver
#include "base/assert.hpp"
#include "deliver/gate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto gate = *deliver::Gate::make({});
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)gate.allows(text, false);
    (void)gate.check(text, true);
    const auto url = gate.check(text, false);
    if (!url) {
        BASE_ASSERT(!url.error().reason.empty());
        return 0;
    }
    BASE_ASSERT(url->https && url->port == 443 && !url->host.empty());
    if (url->kind != http::Url::Host::name) BASE_ASSERT(gate.allows(url->host, false));
    for (const char c : url->host) {
        BASE_ASSERT((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                    c == ':' || c == '_');
    }
    for (const char c : url->target) BASE_ASSERT(c > 0x20 && c < 0x7f);
    const auto again = gate.check("https://" + url->authority() + url->target, false);
    BASE_ASSERT(again && again->host == url->host && again->target == url->target);
    return 0;
}
