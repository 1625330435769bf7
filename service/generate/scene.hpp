#pragma once

#include "generate/stage.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

namespace generate {

enum class Work : std::uint8_t { gated, open };

/// How often: hours with calls, and a few calls in each.
struct Extent {
    std::uint64_t most_sessions = 24;
    std::uint64_t least_sessions = 2;
    std::int64_t from_hour = 0;
    std::int64_t to_hour = Truth::hours;
};

/// Whose key is used, from where, with what.
struct Caller {
    const Tenant& tenant;
    const Key& key;
    const Network& network;
    const Client& client;
};

/// One party on the stage: who it is, what it does, and what is known of it.
class Scene {
public:
    Scene(Stage& stage, Route route, std::string_view variant);

    Stage& stage;
    Random random;
    const std::string stem;
    const std::string token;  ///< Of its own software.

    [[nodiscard]] Asked& asked() { return stage.asked.back(); }
    [[nodiscard]] Stage::Marks& marks() { return stage.marks.back(); }
    [[nodiscard]] const std::string& name() { return asked().name; }

    /// Its network and software, the same at each call.
    const Network& home();
    const Client& software();

    /// The party stands in the registry, under its name.
    PartyRow& registered();
    /// A tenant that the registry has as the party's, or does not (`party` empty).
    Tenant& account(std::string_view tier, std::string_view party);
    /// Another tenant, with a few calls of its own from its own network.
    Tenant& bystander(std::string_view tier);

    /// Calls of the party itself.
    void uses(const Caller& from, Work work, Extent extent = {});
    /// Calls of somebody else that fit what is known of the party.
    void decoy(const Caller& from, Work work, Extent extent = {});
    /// Calls of somebody else.
    void noise(const Caller& from, Work work, Extent extent = {});
    /// Calls that fit and are all refused.
    void refused(const Caller& from);

    void know(std::string_view kind, std::string value);
    void know_home() { know("cidr", home().cidr); }
    void know_software();
    void know_name() { know("party", name()); }
    /// A screenshot with the key's text, cut off in one of two.
    void know_screenshot(const Key& key);
    void licence_is(std::initializer_list<std::string_view> answers) { marks().licence = answers; }

private:
    void calls(const Caller& from, Work work, Extent extent, std::uint32_t tag, bool refused);

    const Network* home_ = nullptr;
    const Client* software_ = nullptr;
};

}  // namespace generate
