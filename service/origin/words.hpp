#pragma once

#include "call/memo.hpp"
#include "origin/client.hpp"
#include "origin/fingerprint.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

namespace origin {

/// The texts that origins are made of, read and numbered: agents, prints, places. There are few of
/// them beside the calls, unless somebody makes them up; then all are forgotten.
///
/// A number is not given again after a forgetting, until make_room says so.
class Words {
public:
    static constexpr std::uint32_t no_wire = UINT32_MAX;

    /// An agent, and for each level the number of what of it takes part there; 0 for nothing.
    struct Agent {
        Client client;
        std::array<std::uint32_t, 4> numbers{};
        /// Its token of L3, which depends on nothing but one more number: of the print `wire`.
        Token software{};
        std::uint32_t wire = no_wire;
    };

    explicit Words(std::uint64_t seed) : seed_(seed), known_(std::make_shared<Known>(seed)) {}

    /// Not empty. Texts of the answer live as long as `owner` does.
    Agent& agent(std::string_view text);
    /// A number of the parts; 0 when all are empty.
    std::uint32_t number(std::initializer_list<std::string_view> parts);
    [[nodiscard]] std::shared_ptr<const void> owner() const noexcept { return known_; }
    /// Forgets everything when it takes more than `max_bytes`. True when the numbers then start
    /// again, so that what was kept by them must go too.
    [[nodiscard]] bool make_room(std::size_t max_bytes);

private:
    struct Known {
        explicit Known(std::uint64_t seed) : agents(seed), numbers(seed) {}
        call::Memo<Agent> agents;
        call::Memo<std::uint32_t> numbers;
    };

    std::uint64_t seed_;
    std::shared_ptr<Known> known_;
    std::size_t bytes_ = 0;
    std::uint32_t last_ = 0;
};

}  // namespace origin
