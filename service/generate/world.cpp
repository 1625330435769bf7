#include "generate/world.hpp"

#include "generate/line.hpp"
#include "generate/plots.hpp"
#include "generate/population.hpp"
#include "generate/registry_text.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace generate {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t minutes_an_hour = 60;

/// Ascending in time; calls of one microsecond stay in the order they were made in.
void sort_calls(std::vector<Call>& calls) {
    for (std::uint32_t i = 0; auto& call : calls) call.order = i++;
    std::ranges::sort(calls, [](const Call& a, const Call& b) {
        return std::pair(a.at, a.order) < std::pair(b.at, b.order);
    });
}

}  // namespace

struct World::State {
    explicit State(const Options& with)
        : options(with), cast(make_cast(with)), crowd(cast), random(mix(with.seed, "calls")) {
        hours = static_cast<std::uint64_t>(options.duration.count());
        ordinary = options.calls - cast.planted.size();
        for (std::uint64_t hour = 0; hour < hours; ++hour) weight_of_all += crowd.weight(hour);
    }

    static Cast make_cast(const Options& with) {
        Cast cast;
        cast.start = with.start;
        Random random(mix(with.seed, "population"));
        populate(cast, random);
        plant_abuses(cast, with.seed);
        plant_twins(cast, with.seed);
        sort_calls(cast.planted);
        return cast;
    }

    bool refill();
    void add_ordinary(base::EventTime minute_start);

    Options options;
    Cast cast;
    Crowd crowd;
    Random random;
    std::uint64_t hours = 0;
    std::uint64_t ordinary = 0;       // calls that are not planted
    std::uint64_t weight_of_all = 0;  // of all hours
    std::uint64_t weight_before = 0;  // of the hours that are over
    std::uint64_t weight_now = 0;     // of this hour
    std::uint64_t minute = 0;
    std::uint64_t ordinary_made = 0;
    std::size_t planted_made = 0;
    std::vector<Call> buffer;  // the calls of a minute, ascending
    std::size_t taken = 0;
};

/// The ordinary calls of the minute: as many as keep the running total on the curve of the weights,
/// so that all of them together are exactly as many as asked for.
void World::State::add_ordinary(base::EventTime minute_start) {
    const auto part = minute % minutes_an_hour + 1;
    const Wide reached = Wide{weight_before} * minutes_an_hour + Wide{weight_now} * part;
    const auto due =
        static_cast<std::uint64_t>(reached * ordinary / (Wide{weight_of_all} * minutes_an_hour));
    for (; ordinary_made < due; ++ordinary_made) {
        auto call = crowd.call(random);
        const auto offset = static_cast<std::int64_t>(random.below(60'000'000));
        call.at = minute_start + std::chrono::microseconds{offset};
        buffer.push_back(call);
    }
}

/// Fills the buffer with the next minute that has calls; false when the world is over.
bool World::State::refill() {
    buffer.clear();
    taken = 0;
    while (buffer.empty()) {
        if (minute == hours * minutes_an_hour) return false;
        if (minute % minutes_an_hour == 0) {
            weight_before += weight_now;
            weight_now = crowd.weight(minute / minutes_an_hour);
        }
        const auto begin = cast.start + std::chrono::minutes{static_cast<std::int64_t>(minute)};
        add_ordinary(begin);
        const auto end = begin + std::chrono::minutes{1};
        while (planted_made < cast.planted.size() && cast.planted[planted_made].at < end) {
            buffer.push_back(cast.planted[planted_made++]);
        }
        sort_calls(buffer);
        ++minute;
    }
    return true;
}

World::World(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
World::~World() = default;

base::Result<std::unique_ptr<World>> World::make(Options options) {
    if (options.calls < 50'000 || options.calls > 1'000'000'000) {
        return base::fail(base::Fault::invalid, "calls must be 50000 to 1000000000");
    }
    if (options.duration < std::chrono::hours{72} || options.duration > std::chrono::days{60}) {
        return base::fail(base::Fault::invalid, "duration must be 72 hours to 60 days");
    }
    return std::unique_ptr<World>(new World(std::make_unique<State>(options)));
}

bool World::next(std::string& line, Label& label) {
    auto& state = *state_;
    if (state.taken == state.buffer.size() && !state.refill()) return false;
    const auto& call = state.buffer[state.taken++];
    write_line(line, call, state.random);
    label = {};
    if (call.plot != 0) {
        const auto& plot = state.cast.plots[call.plot - 1];
        label = {plot.signature, plot.benign, plot.subject_kind, plot.subject};
    }
    return true;
}

std::string World::registry_rows() const {
    return generate::registry_rows(state_->cast);
}
std::string World::truth() const {
    return generate::truth(state_->cast);
}

}  // namespace generate
