#include "origin/words.hpp"

#include <algorithm>

namespace origin {
namespace {

constexpr std::size_t entry_bytes = 96;          // of a map's and two queues' places, texts apart
constexpr std::uint32_t last_number = 1u << 31;  // no batch holds as many texts again

}  // namespace

Words::Agent& Words::agent(std::string_view text) {
    text = text.substr(0, max_agent_bytes);  // more does not count
    if (Agent* found = known_->agents.find(text)) return *found;
    Agent& made = known_->agents.add(text);
    made.client = parse_client(text);
    bytes_ += text.size() + sizeof(Agent) + entry_bytes;
    const Client& client = made.client;
    const auto of = [&](Level level) -> std::uint32_t& {
        return made.numbers[static_cast<std::size_t>(level)];
    };
    of(Level::exact) = number({client.family, client.skeleton, client.version, client.app});
    of(Level::place) = number({client.family, client.skeleton});
    of(Level::kind) = number({client.family, client.skeleton, client.platform});
    of(Level::software) = number({client.family, client.skeleton, client.app});
    return made;
}

std::uint32_t Words::number(std::initializer_list<std::string_view> parts) {
    if (std::ranges::all_of(parts, &std::string_view::empty)) return 0;
    const call::Joined joined(parts);
    if (const auto* found = known_->numbers.find(joined.text())) return *found;
    bytes_ += joined.text().size() + entry_bytes;
    return known_->numbers.add(joined.text()) = ++last_;
}

bool Words::make_room(std::size_t max_bytes) {
    if (bytes_ <= max_bytes) return false;
    known_ = std::make_shared<Known>(seed_);
    bytes_ = 0;
    if (last_ < last_number) return false;
    last_ = 0;
    return true;
}

}  // namespace origin
