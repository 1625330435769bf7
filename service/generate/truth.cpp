#include "generate/truth.hpp"

#include "generate/line.hpp"
#include "generate/population.hpp"
#include "generate/stage.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace generate {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::array<std::string_view, 3> sources{"gateway-eastus", "gateway-westeurope",
                                                  "gateway-japaneast"};

/// Each region has a gateway, and each gateway is a source.
std::string_view source_of(const Call& call) {
    for (const std::string_view source : sources) {
        if (source.ends_with(call.tenant->region)) return source;
    }
    return sources.front();
}

bool worked(const Call& call) {
    return call.error.empty();
}

bool gated(const Call& call) {
    return call.operation == &operations::identify || call.operation == &operations::verify;
}

}  // namespace

struct Truth::State {
    explicit State(const Options& with)
        : options(with), stage(with.seed), random(mix(with.seed, "lines")) {
        stage.cast.start = with.start;
        loss = with.loss.value_or(
            static_cast<Loss>(Random(mix(with.seed, "which loss")).below(losses)));
        populate(stage);
        for (std::uint64_t i = 0; i < with.parties; ++i) plant_party(stage);
        add_ordinary();
        sort();
        lose();
        count();
        const bool hidden = loss == Loss::hidden_hour || loss == Loss::hidden_share;
        for (std::size_t i = 0; i < stage.asked.size(); ++i) {
            settle(stage.asked[i], stage.marks[i], hidden);
        }
    }

    static constexpr std::uint64_t losses = 5;

    void add_ordinary();
    void sort();
    void lose();
    void lose_hour(Random& draw);
    void lose_share(Random& draw);
    void count();

    Options options;
    Loss loss = Loss::none;
    Stage stage;
    Random random;
    std::vector<bool> lost;  // by place in the planted calls, which are all calls here
    std::vector<Hole> holes;
    std::size_t out = 0;
};

/// As many ordinary calls as bring the world to the number asked for, on the curve of the hours.
void Truth::State::add_ordinary() {
    auto& calls = stage.cast.planted;
    const std::uint64_t wanted = options.calls - std::min(options.calls, calls.size());
    Crowd crowd(stage.cast);
    Random draw(mix(options.seed, "crowd"));
    std::uint64_t all = 0;
    for (std::uint64_t hour = 0; hour < hours; ++hour) all += crowd.weight(hour);
    std::uint64_t reached = 0;
    std::uint64_t made = 0;
    for (std::uint64_t hour = 0; hour < hours; ++hour) {
        reached += crowd.weight(hour);
        for (const auto due = static_cast<std::uint64_t>(Wide{reached} * wanted / all); made < due;
             ++made) {
            Call call = crowd.call(draw);
            const auto offset = static_cast<std::int64_t>(draw.below(3'600'000'000));
            call.at = options.start + std::chrono::hours{hour} + std::chrono::microseconds{offset};
            calls.push_back(call);
        }
    }
}

void Truth::State::sort() {
    auto& calls = stage.cast.planted;
    for (std::uint32_t i = 0; auto& call : calls) call.order = i++;
    std::ranges::sort(calls, [](const Call& a, const Call& b) {
        return std::pair(a.at, a.order) < std::pair(b.at, b.order);
    });
}

void Truth::State::lose() {
    lost.assign(stage.cast.planted.size(), false);
    Random draw(mix(options.seed, "loss"));
    if (loss == Loss::hour || loss == Loss::hidden_hour) lose_hour(draw);
    if (loss == Loss::share || loss == Loss::hidden_share) lose_share(draw);
}

void Truth::State::lose_hour(Random& draw) {
    const auto hour = static_cast<std::int64_t>(draw.below(hours));
    const auto from = options.start + std::chrono::hours{hour};
    for (std::size_t i = 0; i < lost.size(); ++i) {
        const auto at = stage.cast.planted[i].at;
        lost[i] = from <= at && at < from + std::chrono::hours{1};
    }
    for (const std::string_view source : sources) {
        holes.push_back({.source = std::string(source),
                         .from_hour = hour,
                         .to_hour = hour + 1,
                         .lost = {},
                         .acknowledged = loss == Loss::hour});
    }
}

void Truth::State::lose_share(Random& draw) {
    const std::string_view source = draw.one_of(sources);
    const std::uint64_t permille = draw.between(50, 300);
    std::uint64_t records = 0;
    for (std::size_t i = 0; i < lost.size(); ++i) {
        if (source_of(stage.cast.planted[i]) != source) continue;
        lost[i] = draw.chance(permille);
        records += lost[i] ? 1 : 0;
    }
    holes.push_back({.source = std::string(source),
                     .from_hour = 0,
                     .to_hour = hours,
                     .lost = records,
                     .acknowledged = loss == Loss::share});
}

void Truth::State::count() {
    std::vector<std::set<std::int64_t>> all(stage.asked.size());
    std::vector<std::set<std::int64_t>> kept(stage.asked.size());
    for (std::size_t i = 0; i < lost.size(); ++i) {
        const Call& call = stage.cast.planted[i];
        if (call.plot == 0 || !worked(call)) continue;
        const std::size_t place = (call.plot - 1) / 2;
        if (call.plot == tag_of(place, false)) {
            stage.marks[place].decoys_kept += lost[i] ? 0 : 1;
            continue;
        }
        Asked& asked = stage.asked[place];
        const std::int64_t hour = base::micros(call.at) / 3'600'000'000;
        ++asked.calls;
        all[place].insert(hour);
        if (lost[i]) continue;
        ++asked.kept;
        kept[place].insert(hour);
        stage.marks[place].gated_kept += gated(call) ? 1 : 0;
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        stage.asked[i].sessions = static_cast<std::uint32_t>(all[i].size());
        stage.asked[i].kept_sessions = static_cast<std::uint32_t>(kept[i].size());
    }
}

std::string_view name(Route route) noexcept {
    static constexpr std::array<std::string_view, routes> names = {
        "own_account", "subsidiary", "reseller", "personal_trial",
        "leaked_key",  "proxy",      "absent",   "framing"};
    return names[static_cast<std::size_t>(route)];
}

namespace {
constexpr std::array<std::string_view, 5> loss_names = {"none", "hour", "share", "hidden-hour",
                                                        "hidden-share"};
}  // namespace

std::string_view name(Loss loss) noexcept {
    return loss_names[static_cast<std::size_t>(loss)];
}

std::optional<Loss> loss_of(std::string_view name) noexcept {
    const auto found = std::ranges::find(loss_names, name);
    if (found == loss_names.end()) return {};
    return static_cast<Loss>(found - loss_names.begin());
}

Truth::Truth(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Truth::~Truth() = default;

base::Result<std::unique_ptr<Truth>> Truth::make(Options options) {
    if (options.calls < 50'000 || options.calls > 5'000'000) {
        return base::fail(base::Fault::invalid, "calls must be 50000 to 5000000");
    }
    if (options.parties < 1 || options.parties > 250) {
        return base::fail(base::Fault::invalid, "parties must be 1 to 250");
    }
    return std::unique_ptr<Truth>(new Truth(std::make_unique<State>(options)));
}

bool Truth::next(Record& record) {
    State& state = *state_;
    const auto& calls = state.stage.cast.planted;
    if (state.out == calls.size()) return false;
    const Call& call = calls[state.out];
    write_line(record.line, call, state.random);
    record.source = source_of(call);
    record.at = call.at;
    record.lost = state.lost[state.out];
    const std::size_t place = (call.plot - 1) / 2;
    const bool its = call.plot != 0 && call.plot == tag_of(place, true);
    record.asked = its ? std::optional(place) : std::nullopt;
    ++state.out;
    return true;
}

const Truth::Options& Truth::options() const noexcept {
    return state_->options;
}
Loss Truth::loss() const noexcept {
    return state_->loss;
}
const std::vector<Asked>& Truth::asked() const noexcept {
    return state_->stage.asked;
}
const std::vector<Hole>& Truth::holes() const noexcept {
    return state_->holes;
}
std::string Truth::key_text(std::string_view uid) const {
    return generate::key_text(state_->options.seed, uid);
}
std::vector<std::string> Truth::keys() const {
    std::vector<std::string> out;
    for (const Tenant& tenant : state_->stage.cast.tenants) {
        for (const Key& key : tenant.keys) out.push_back(key.uid);
    }
    return out;
}
std::string Truth::registry_rows() const {
    return truth_registry(state_->stage);
}
std::string Truth::truth() const {
    return truth_rows(state_->stage);
}
std::string Truth::questions() const {
    return question_rows(state_->stage);
}
std::string Truth::hole_rows() const {
    return generate::hole_rows(state_->stage, state_->holes);
}

}  // namespace generate
