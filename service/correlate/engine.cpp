#include "correlate/engine.hpp"

#include "base/assert.hpp"
#include "correlate/state.hpp"

#include <algorithm>
#include <limits>

namespace correlate {
namespace {

constexpr std::string_view magic = "CPWN";
constexpr std::uint64_t version = 2;
constexpr std::size_t fewest_groups = 16;

// Far behind every time a log can say, and far from overflow when a span is added.
constexpr std::int64_t end_of_time = 4'000'000'000'000'000'000;

}  // namespace

Engine::State::State(std::shared_ptr<const policy::Set> set,
                     std::shared_ptr<const call::Names> names, const Options& options)
    : names_(std::move(names)),
      options_(options),
      plan_(plan_of(std::move(set), *names_)),
      groups_(plan_.counters),
      buffer_(Tie{&groups_}) {
    members_.reserve(plan_.counters.size());
    for (const Counter& counter : plan_.counters) {
        if (counter.kind == Counter::Kind::absence) {
            absences_.push_back(static_cast<std::uint32_t>(members_.size()));
        }
        members_.push_back({Wheel(counter.sweep_every), {}, 0});
    }
    BASE_ASSERT(options_.shard_count >= 1 && options_.shard < options_.shard_count);
    options_.groups_per_policy = std::max(options_.groups_per_policy, fewest_groups);
}

bool Engine::State::Tie::operator()(const Pending& a, const Pending& b) const noexcept {
    const Group& left = (*groups)[a.group];
    const Group& right = (*groups)[b.group];
    if (left.counter != right.counter) return left.counter < right.counter;
    if (a.group != b.group) return left.key() < right.key();
    return a.value < b.value;
}

std::unique_ptr<Engine::State> Engine::State::fresh() const {
    return std::make_unique<State>(plan_.set, names_, options_);
}

Stats Engine::State::stats() const noexcept {
    Stats out = stats_;
    out.groups = groups_.size();
    out.buffered = buffer_.size();
    out.bytes = groups_.bytes() + buffer_.bytes();
    out.bytes += taken_.capacity() * sizeof(Taken) + texts_.capacity();
    for (const Members& members : members_) {
        out.bytes += members.wheel.bytes() + members.deadlines.bytes();
    }
    return out;
}

Engine::Engine(std::shared_ptr<const policy::Set> set, std::shared_ptr<const call::Names> names,
               Options options)
    : state_(std::make_unique<State>(std::move(set), std::move(names), options)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::observe(const call::Call& call, std::span<const policy::PolicyIndex> matched,
                     std::uint64_t block, std::vector<Firing>& late) {
    if (!matched.empty()) state_->observe(call, matched, block, late);
}

void Engine::advance(base::EventTime watermark, std::vector<Firing>& out, const Sight* sight) {
    const std::int64_t until = std::min(base::micros(watermark), end_of_time);
    state_->advance(until, until, out, sight);
}

void Engine::forget(const std::function<bool(std::string_view)>& names) {
    state_->forget(names);
}

void Engine::finish(base::EventTime newest, std::vector<Firing>& out) {
    state_->advance(end_of_time, base::micros(newest), out, nullptr);
}

base::EventTime Engine::watermark() const noexcept {
    return base::event_time(state_->watermark());
}

Stats Engine::stats() const {
    state_->settle();
    return state_->stats();
}

void Engine::use(Engine next) {
    state_->use(*next.state_);
}

void Engine::save(Writer& out) const {
    state_->settle();
    write_head(out, magic, version);
    state_->save(out);
}

base::Result<void> Engine::restore(Reader& in) {
    if (auto begun = read_head(in, magic, version, "saved windows"); !begun) return begun;
    auto fresh = state_->fresh();
    if (auto loaded = fresh->load(in); !loaded) return loaded;
    state_ = std::move(fresh);
    return {};
}

}  // namespace correlate
