#include "generate/population.hpp"

#include "base/assert.hpp"

#include <array>
#include <span>

namespace generate {
namespace {

struct System {
    std::uint32_t asn;
    std::string_view name;
    std::string_view kind;
};

// AS numbers 64496-64511 and 65536-65551 are reserved for documentation.
constexpr std::array<System, 16> systems{{
    {64496, "Examplecloud Compute", "hosting"},
    {64497, "Sample Hosting", "hosting"},
    {64498, "Testbed Servers", "hosting"},
    {64499, "Placeholder Cloud", "hosting"},
    {64500, "Example Office Networks", "business"},
    {64501, "Sample Enterprise Access", "business"},
    {64502, "Testbed Business Lines", "business"},
    {64503, "Sample University", "education"},
    {65536, "Example Broadband", "isp"},
    {65537, "Sample Cable", "isp"},
    {65538, "Testbed Fibre", "isp"},
    {65539, "Placeholder Telecom", "isp"},
    {65540, "Example Mobile", "mobile"},
    {65541, "Sample Wireless", "mobile"},
    {65542, "Testbed Cellular", "mobile"},
    {65543, "Placeholder Mobile", "mobile"},
}};

const System& system_of(std::string_view kind, std::size_t turn) {
    std::size_t count = 0;
    for (const auto& system : systems) count += system.kind == kind ? 1 : 0;
    BASE_ASSERT(count != 0);
    std::size_t wanted = turn % count;
    for (const auto& system : systems) {
        if (system.kind != kind) continue;
        if (wanted == 0) return system;
        --wanted;
    }
    return systems.front();
}

struct Family {
    std::string_view before;  // the version stands between the two
    std::string_view after;
    std::string_view ja4;
};

constexpr std::array<Family, 14> families{{
    {"python-requests/2.", ".0", "t13d1812h1_85036bcba153_d41ae481755e"},
    {"facekit-python/1.", ".2 Python/3.11 (Linux)", "t13d1812h1_85036bcba153_b26ce05bbdd6"},
    {"okhttp/4.", ".0", "t13d1613h2_46e7e9700bed_45f260be83e2"},
    {"axios/1.", ".7", "t13d5911h1_a33745022dd6_1f22a2ca17c4"},
    {"Go-http-client/1.", "", "t13d1310h2_f57a46bbacb6_e7c285222651"},
    {"facekit-dotnet/2.", ".1 (.NET 8.0; Windows)", "t12d2109h1_2b729b4bf6f3_9e7b989ebec8"},
    {"Java-http-client/17.0.", "", "t13d1715h2_5b57614c22b0_3d5424432f57"},
    {"aiohttp/3.", ".1 Python/3.12", "t13d1812h1_85036bcba153_375ca2c5e164"},
    {"curl/8.", ".0", "t13d3112h2_e8f1e7e78f70_6bebaf5329ac"},
    {"visionkit-node/3.", ".4 node/20.11 (linux)", "t13d5911h1_a33745022dd6_5ac7197df9d2"},
    {"Ruby Faraday v2.", "", "t13d1811h1_e8a523a41297_ef7df7f74e48"},
    {"GuzzleHttp/7.", " PHP/8.2", "t13d1714h1_5b57614c22b0_14788d8d241b"},
    {"reqwest/0.", "", "t13d1011h2_61a7ad8aa9b6_3fcd1a44f3e3"},
    {"chatkit-java/4.", ".0 (JRE 21; Linux)", "t13d1516h2_8daaf6152771_02713d6af862"},
}};

constexpr std::array<std::string_view, 60> words{
    "alder",  "amber",   "aspen",   "aster",   "basalt",  "beech",   "birch", "bramble", "cedar",
    "clover", "cobalt",  "comfrey", "coral",   "cypress", "dahlia",  "elder", "elm",     "fennel",
    "fern",   "flint",   "gorse",   "granite", "hazel",   "heather", "holly", "iris",    "ivy",
    "jade",   "juniper", "larch",   "laurel",  "lichen",  "linden",  "lupin", "madder",  "mallow",
    "maple",  "marble",  "moss",    "myrtle",  "nettle",  "oak",     "onyx",  "opal",    "orchid",
    "pine",   "poplar",  "quartz",  "reed",    "rowan",   "rush",    "sage",  "sorrel",  "spruce",
    "tansy",  "thyme",   "topaz",   "willow",  "yarrow",  "yew"};

constexpr std::array<std::string_view, 10> businesses{"Labs",      "Retail",   "Health", "Media",
                                                      "Logistics", "Travel",   "Bank",   "Games",
                                                      "Schools",   "Insurance"};
constexpr std::array<std::string_view, 8> countries{"US", "DE", "GB", "FR", "BR", "IN", "JP", "SE"};
constexpr std::array<unsigned, 8> zones{19, 1, 0, 1, 21, 5, 9, 1};  // hours east of UTC, modulo 24
constexpr std::array<std::string_view, 5> regions{"eastus", "westeurope", "uksouth", "japaneast",
                                                  "brazilsouth"};
constexpr std::array<std::string_view, 4> models{"glyph-4", "glyph-4-mini", "glyph-3.5", "quill-2"};
constexpr std::array<Habit, 6> habits{Habit::vision, Habit::chat, Habit::faces,
                                      Habit::mixed,  Habit::chat, Habit::licensed_faces};

/// How busy people are in each hour of their day, in hundredths.
constexpr std::array<std::uint64_t, 24> rhythm{18, 14, 11,  10, 11, 15, 26, 44, 68, 86, 95, 98,
                                               90, 93, 100, 97, 90, 78, 62, 52, 46, 40, 32, 24};

constexpr std::size_t trials = 6;  // the last of the sixty

const Operation& operation_of(Habit habit, Random& random) {
    const auto draw = random.below(100);
    switch (habit) {
        case Habit::vision:
            return draw < 70 ? operations::analyze : operations::read_text;
        case Habit::faces:
            return draw < 85 ? operations::detect : operations::analyze;
        case Habit::licensed_faces:
            if (draw < 45) return operations::detect;
            return draw < 75 ? operations::verify : operations::identify;
        case Habit::chat:
            if (draw < 80) return operations::chat;
            return draw < 99 ? operations::embed : operations::list_models;
        case Habit::mixed:
            break;
    }
    if (draw < 35) return operations::analyze;
    if (draw < 55) return operations::detect;
    return draw < 90 ? operations::chat : operations::embed;
}

void go_wrong(Call& call, Random& random) {
    const auto draw = random.below(1000);
    if (draw >= 30) return;
    if (draw < 14) {
        call.status = 400;
        call.error = "InvalidRequest";
    } else if (draw < 20) {
        call.status = 404;
        call.error = "NotFound";
    } else if (draw < 28) {
        call.status = 429;
        call.error = "RateLimited";
    } else {
        call.status = 500;
        call.error = "InternalError";
    }
}

bool uses_model(const Operation& operation) {
    return operation.service == std::string_view("Chat") && operation.bytes != 0;
}

}  // namespace

const Network& add_network(Cast& cast, std::string_view kind, std::string_view country) {
    const auto number = cast.networks.size();
    BASE_ASSERT(number < 500);
    const auto& system = system_of(kind, number);
    Network network{.prefix = {},
                    .cidr = {},
                    .asn = system.asn,
                    .as_name = system.name,
                    .country = country,
                    .kind = kind};
    // 198.18.0.0/15 is reserved for benchmarks, 2001:db8::/32 for documentation.
    if (number % 9 == 8) {
        const auto site = "2001:db8:" + std::to_string(number);
        network.prefix = site + "::";
        network.cidr = site + "::/48";
    } else {
        const auto block = (number < 256 ? "198.18." : "198.19.") + std::to_string(number % 256);
        network.prefix = block + ".";
        network.cidr = block + ".0/24";
    }
    return cast.networks.emplace_back(std::move(network));
}

const Client& add_client(Cast& cast, std::size_t family, unsigned version) {
    const auto& from = families[family % families.size()];
    std::string agent(from.before);
    agent += std::to_string(version);
    agent += from.after;
    return cast.clients.emplace_back(Client{std::move(agent), std::string(from.ja4)});
}

Tenant& add_tenant(Cast& cast, std::string_view word, std::string_view line_of_business) {
    auto& tenant = cast.tenants.emplace_back();
    const std::string stem(word);
    tenant.uid = "t-" + stem;
    tenant.party = "p-" + stem;
    tenant.name = stem + ' ' + std::string(line_of_business);
    tenant.name.front() = static_cast<char>(tenant.name.front() - 'a' + 'A');
    tenant.keys.push_back({.uid = "k-" + stem + "-1",
                           .created_days = -300,
                           .revoked_days = {},
                           .declared_origin = {}});
    return tenant;
}

void populate(Cast& cast, Random& random) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        auto& tenant = add_tenant(cast, words[i], businesses[i % businesses.size()]);
        const auto place = random.below(countries.size());
        tenant.country = countries[place];
        tenant.zone = zones[place];
        tenant.region = random.one_of(regions);
        tenant.weekends = random.chance(250);
        tenant.habit = habits[i % habits.size()];
        tenant.weight = 1'000 / (1 + random.below(20));
        tenant.created_days = -static_cast<std::int64_t>(random.between(90, 1'500));
        tenant.tier = i % 7 == 3 ? "enterprise" : "paid";
        for (std::uint64_t more = random.below(3); more > 0; --more) {
            auto key = tenant.keys.front();
            key.uid.back() = static_cast<char>('1' + tenant.keys.size());
            tenant.keys.push_back(std::move(key));
        }
        tenant.networks = {
            &add_network(cast, random.chance(500) ? "hosting" : "business", tenant.country)};
        if (random.chance(300))
            tenant.networks.push_back(&add_network(cast, "business", tenant.country));
        tenant.clients = {&add_client(cast, i, static_cast<unsigned>(random.between(20, 24)))};
        if (random.chance(250)) tenant.clients.push_back(&add_client(cast, i + 5, 30));
        if (tenant.habit == Habit::licensed_faces) {
            cast.grants.push_back({.uid = "l-" + std::string(words[i]),
                                   .tenant = tenant.uid,
                                   .use_case = "access control",
                                   .valid_from = -8'000,
                                   .valid_to = {},
                                   .known_from = -8'000});
        }
        if (i + trials >= words.size()) {  // honest newcomers, each on its own
            tenant.tier = "trial";
            tenant.created_days = -static_cast<std::int64_t>(random.between(2, 20));
            tenant.keys.front().created_days = tenant.created_days;
            tenant.keys.resize(1);
            tenant.weight = 20;
            if (tenant.habit == Habit::licensed_faces) tenant.habit = Habit::vision;
        }
    }
}

Crowd::Crowd(const Cast& cast) : cast_(cast) {
    for (const auto& tenant : cast.tenants) {
        if (tenant.weight != 0) tenants_.push_back(&tenant);
    }
    totals_.resize(tenants_.size());
}

std::uint64_t Crowd::weight(std::uint64_t hour) {
    const auto first = static_cast<std::uint64_t>(base::micros(cast_.start) / 3'600'000'000);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < tenants_.size(); ++i) {
        const auto local = first + hour + tenants_[i]->zone;
        const auto weekday = (local / 24 + 4) % 7;  // 1970-01-01 was a Thursday; 0 is Sunday
        const bool rests = (weekday == 0 || weekday == 6) && !tenants_[i]->weekends;
        total += tenants_[i]->weight * rhythm[local % 24] / (rests ? 5 : 1);
        totals_[i] = total;
    }
    return total;
}

Call Crowd::call(Random& random) const {
    const auto& tenant = *tenants_[random.pick(totals_)];
    Call call;
    call.tenant = &tenant;
    const auto which = random.chance(650) ? 0 : random.below(tenant.keys.size());
    call.key = &tenant.keys[which];
    call.network = tenant.networks[random.chance(750) ? 0 : tenant.networks.size() - 1];
    call.client = tenant.clients[which % tenant.clients.size()];
    call.host = static_cast<std::uint16_t>(random.between(2, 7));
    call.operation = &operation_of(tenant.habit, random);
    if (uses_model(*call.operation)) {
        call.model = models[(tenant.uid.size() + (random.chance(800) ? 0 : 1)) % models.size()];
    }
    if (call.operation == &operations::identify || call.operation == &operations::verify) {
        call.gallery = tenant.party;  // one gallery a customer
        call.gallery_size = 60;       // so small that no number of calls looks like a population
    }
    go_wrong(call, random);
    return call;
}

}  // namespace generate
