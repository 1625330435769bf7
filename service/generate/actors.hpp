#pragma once

#include "base/time.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace generate {

/// A /24 or /48 that calls come from.
struct Network {
    std::string prefix;  ///< "198.18.7." or "2001:db8:7::": an address lacks only its last part.
    std::string cidr;    ///< "198.18.7.0/24" or "2001:db8:7::/48".
    std::uint32_t asn = 0;
    std::string_view as_name;
    std::string_view country;
    std::string_view kind;  ///< hosting, mobile, isp, business, education
};

/// The software a call is made with.
struct Client {
    std::string user_agent;
    std::string ja4;
};

/// An operation of the provider.
struct Operation {
    std::string_view name;     ///< "Face.Identify"
    std::string_view service;  ///< "Face"
    std::string_view method;
    std::string_view url;
    std::uint32_t bytes;  ///< Usual size of a request.
};

namespace operations {
inline constexpr Operation detect{"Face.Detect", "Face", "POST", "/face/v1.0/detect", 48'000};
inline constexpr Operation identify{"Face.Identify", "Face", "POST", "/face/v1.0/identify", 620};
inline constexpr Operation verify{"Face.Verify", "Face", "POST", "/face/v1.0/verify", 310};
inline constexpr Operation person{"Face.PersonCreate", "Face", "POST",
                                  "/face/v1.0/largepersongroups/{id}/persons", 180};
inline constexpr Operation train{"Face.GroupTrain", "Face", "POST",
                                 "/face/v1.0/largepersongroups/{id}/train", 40};
inline constexpr Operation analyze{"Vision.Analyze", "Vision", "POST", "/vision/v4.0/analyze",
                                   91'000};
inline constexpr Operation read_text{"Vision.Read", "Vision", "POST", "/vision/v4.0/read", 64'000};
inline constexpr Operation chat{"Chat.Complete", "Chat", "POST", "/openai/v1/chat/completions",
                                2'400};
inline constexpr Operation embed{"Embedding.Create", "Chat", "POST", "/openai/v1/embeddings",
                                 1'100};
inline constexpr Operation list_models{"Models.List", "Chat", "GET", "/openai/v1/models", 0};
}  // namespace operations

/// What a tenant mostly does.
enum class Habit : std::uint8_t { vision, faces, licensed_faces, chat, mixed };

struct Key {
    std::string uid;
    std::int64_t created_days = -200;          ///< Days from the start of the world.
    std::optional<std::int64_t> revoked_days;  ///< Likewise; none: active.
    std::vector<std::string> declared_origin;  ///< CIDR blocks.
};

struct Tenant {
    std::string uid;
    std::string name;
    std::string party;
    std::string_view tier = "paid";
    std::string_view country = "US";
    std::string_view party_class = "company";
    std::string_view region = "eastus";
    std::int64_t created_days = -400;  ///< Days from the start of the world.
    Habit habit = Habit::mixed;
    std::uint64_t weight = 0;  ///< Share of ordinary traffic; 0: only in a plot.
    unsigned zone = 0;         ///< Hours east of UTC.
    bool weekends = false;     ///< Works at week-ends as in the week.
    std::deque<Key> keys;
    std::vector<const Network*> networks;
    std::vector<const Client*> clients;
};

/// A licence row of the registry; times are hours from the start of the world.
struct Grant {
    std::string uid;
    std::string_view tenant;
    std::string_view use_case;
    std::int64_t valid_from;
    std::optional<std::int64_t> valid_to;
    std::optional<std::int64_t> known_from;
    std::int64_t grace_hours = 0;
};

/// A leak report; hours and minutes from the start of the world.
struct Exposure {
    std::string_view key;
    std::int64_t minutes;
    std::string_view source;
};

/// A planted abuse or a look-alike: what a perfect observer knows.
struct Plot {
    std::string_view signature;
    bool benign = false;
    std::string_view subject_kind;  ///< tenant, key, origin
    std::string subject;            ///< For an origin, its address.
    std::string_view told;          ///< One sentence.
};

/// One call before it is written. Pointers and views belong to the Cast.
struct Call {
    base::EventTime at;
    const Tenant* tenant = nullptr;
    const Key* key = nullptr;
    const Network* network = nullptr;
    const Client* client = nullptr;
    const Operation* operation = nullptr;
    std::string_view error;  ///< Error code; empty: it worked.
    std::string_view model;
    std::string_view gallery;
    std::string_view region;  ///< Empty: the tenant's.
    std::uint32_t gallery_size = 0;
    std::uint32_t persons_added = 0;
    std::uint32_t plot = 0;   ///< Index into plots + 1; 0: ordinary.
    std::uint32_t order = 0;  ///< Among calls of the same microsecond.
    std::uint16_t status = 200;
    std::uint16_t host = 1;  ///< Last part of the address.
};

/// Everybody in a world, what the registry knows of them, and what was planted.
struct Cast {
    std::deque<Network> networks;
    std::deque<Client> clients;
    std::deque<Tenant> tenants;
    std::deque<Grant> grants;
    std::deque<Exposure> exposures;
    std::deque<Plot> plots;
    std::vector<Call> planted;  ///< Ascending in time.
    base::EventTime start;
};

}  // namespace generate
