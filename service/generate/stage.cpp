#include "generate/stage.hpp"

#include "base/assert.hpp"
#include "generate/population.hpp"

#include <array>

namespace generate {
namespace {

// Every first part has a letter of its own and the others one length, so no two words are equal.
constexpr std::array<std::string_view, 24> beginnings{
    "bel", "cor", "dav", "el",   "fen", "gal", "hav", "ith", "jor", "kal", "lum", "mar",
    "nor", "or",  "pel", "quil", "rav", "sel", "tor", "ul",  "ven", "wes", "yar", "zan"};
constexpr std::array<std::string_view, 12> middles{"aro", "eda", "ibo", "oma", "uni", "avi",
                                                   "elu", "iko", "oru", "upa", "ade", "esi"};
constexpr std::array<std::string_view, 10> ends{"lis", "dor", "mex", "nit", "pra",
                                                "que", "rin", "sta", "tis", "vor"};
constexpr std::size_t words = beginnings.size() * middles.size() * ends.size();

constexpr std::array<std::string_view, 3> regions{"eastus", "westeurope", "japaneast"};
constexpr std::array<unsigned, 3> zones{19, 1, 9};  // hours east of UTC, modulo 24
constexpr std::array<std::string_view, 6> businesses{"Labs",   "Retail", "Media",
                                                     "Travel", "Games",  "Schools"};

struct Hub {
    std::string_view kind;
    std::uint64_t share;  // of the tenants that are behind a hub, in percent
};
constexpr std::array<Hub, 6> hub_kinds{{{"mobile", 25},
                                        {"mobile", 10},
                                        {"education", 15},
                                        {"hosting", 25},
                                        {"hosting", 15},
                                        {"isp", 10}}};

constexpr std::size_t background_tenants = 320;

const Network& hub_of(const Stage& stage, Random& random) {
    std::uint64_t draw = random.below(100);
    for (std::size_t i = 0; i < hub_kinds.size(); ++i) {
        if (draw < hub_kinds[i].share) return *stage.hubs[i];
        draw -= hub_kinds[i].share;
    }
    return *stage.hubs.front();
}

}  // namespace

std::string Stage::word() {
    BASE_ASSERT(words_ < words);
    // 7 divides no part's count: neighbours differ in their first letter.
    const std::size_t i = (words_++ * 7 + seed % words) % words;
    std::string out(beginnings[i % beginnings.size()]);
    out += middles[i / beginnings.size() % middles.size()];
    return out += ends[i / (beginnings.size() * middles.size())];
}

const Network& Stage::network(std::string_view kind, std::string_view holder) {
    constexpr std::array<std::string_view, 4> of_names{"Examplecloud Compute", "Sample Hosting",
                                                       "Testbed Servers", "Placeholder Cloud"};
    constexpr std::array<std::string_view, 4> office_names{
        "Example Office Networks", "Sample Broadband", "Testbed Business Lines",
        "Placeholder Telecom"};
    const std::size_t number = networks_++;
    const bool hosting = kind == "hosting";
    Network out{.prefix = {}, .cidr = {}, .country = "US", .kind = kind};
    if (!holder.empty()) {
        // 4200000000 to 4294967294 are AS numbers for private use.
        out.asn = static_cast<std::uint32_t>(4'200'000'000 + number);
        out.as_name = names.emplace_back(holder);
    } else {
        // 64496 to 64511 are AS numbers for documentation.
        out.asn = static_cast<std::uint32_t>(64'496 + number % 4 + (hosting ? 0 : 8));
        out.as_name = (hosting ? of_names : office_names)[number % 4];
    }
    // 198.18.0.0/15 is reserved for benchmarks, 2001:db8::/32 for documentation.
    if (number < 512 && number % 4 != 3) {
        const auto block =
            (number < 256 ? "198.18." : "198.19.") + std::to_string(number % 256) + ".";
        out.prefix = block;
        out.cidr = block + "0/24";
    } else {
        const auto site = "2001:db8:" + std::to_string(number + 1);
        out.prefix = site + "::";
        out.cidr = site + "::/48";
    }
    return cast.networks.emplace_back(std::move(out));
}

Tenant& Stage::tenant(std::string_view stem, std::string_view tier) {
    auto& out = cast.tenants.emplace_back();
    out.uid = "t-" + std::string(stem);
    out.name = std::string(stem) + " " + std::string(random.one_of(businesses));
    out.name.front() = static_cast<char>(out.name.front() - 'a' + 'A');
    out.tier = tier;
    const auto region = random.below(regions.size());
    out.region = regions[region];
    out.zone = zones[region];
    const auto days =
        tier == std::string_view("trial") ? random.between(3, 25) : random.between(90, 1'500);
    out.created_days = -static_cast<std::int64_t>(days);
    key(out);
    return out;
}

Key& Stage::key(Tenant& tenant) {
    const std::string stem = tenant.uid.substr(2);
    return tenant.keys.emplace_back(
        Key{.uid = "k-" + stem + "-" + std::to_string(tenant.keys.size() + 1),
            .created_days = tenant.created_days,
            .revoked_days = {},
            .declared_origin = {}});
}

const Client& Stage::product(std::string_view token, unsigned minor, bool on_library) {
    std::string agent(token);
    agent += "/4." + std::to_string(minor);
    agent += on_library ? " python-requests/2.31.0" : " (Linux)";
    return cast.clients.emplace_back(
        Client{std::move(agent), "t13d1812h1_85036bcba153_d41ae481755e"});
}

const Client& Stage::stock() {
    return add_client(cast, random.below(14), static_cast<unsigned>(random.between(20, 24)));
}

void populate(Stage& stage) {
    Random& random = stage.random;
    for (const Hub& hub : hub_kinds) stage.hubs.push_back(&stage.network(hub.kind));
    constexpr std::array<Habit, 4> habits{Habit::vision, Habit::chat, Habit::faces, Habit::mixed};
    for (std::size_t i = 0; i < background_tenants; ++i) {
        const std::string stem = stage.word();
        Tenant& tenant = stage.tenant(stem, i % 9 == 3 ? "trial" : "paid");
        tenant.weekends = random.chance(250);
        tenant.habit = i % 8 == 5 ? Habit::licensed_faces : random.one_of(habits);
        tenant.weight = 1'000 / (1 + random.below(20));
        if (tenant.habit == Habit::licensed_faces) {
            stage.licences.push_back({.tenant = tenant.uid, .party = {}});
            tenant.party = "p-" + stem;  // the gallery's name, too
            stage.parties.push_back({.uid = tenant.party,
                                     .name = tenant.name,
                                     .aliases = {},
                                     .domains = {stem + ".example"},
                                     .networks = {}});
        }
        if (random.chance(400)) stage.key(tenant);
        const bool behind_hub = random.chance(550);
        tenant.networks = {behind_hub
                               ? &hub_of(stage, random)
                               : &stage.network(random.chance(500) ? "hosting" : "business")};
        if (random.chance(200)) tenant.networks.push_back(&hub_of(stage, random));
        tenant.clients = {random.chance(120)
                              ? &stage.product(stem + "-agent", 1, random.chance(400))
                              : &stage.stock()};
        if (random.chance(250)) tenant.clients.push_back(&stage.stock());
    }
}

std::string key_text(std::uint64_t seed, std::string_view uid) {
    constexpr std::string_view alphabet =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    Random random(mix(mix(seed, "key"), uid));
    std::string out = "cp_live_";
    for (int i = 0; i < 32; ++i) out += alphabet[random.below(alphabet.size())];
    return out;
}

}  // namespace generate
