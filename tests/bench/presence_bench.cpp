// How often presence answers are right, on worlds of which the truth is known. Each world's calls
// go through the code that serves: decode, enrichment, origins, rollups; then every party is asked
// about, under each kind of loss. The last line is one JSON object.
//   build/release/tests/bench/presence_bench --seeds 11,12,13 [--parties N] [--calls N] [--misses]
#include "generate/random.hpp"
#include "generate/truth.hpp"
#include "pipeline/preparer.hpp"
#include "presence/gather.hpp"
#include "presence/power.hpp"
#include "presence_score.hpp"
#include "registry/import.hpp"
#include "rolled_source.hpp"
#include "rollup/rollup.hpp"
#include "shipped.hpp"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace {

using generate::Loss;
using generate::Truth;

constexpr std::array losses = {Loss::none, Loss::hour, Loss::share, Loss::hidden_hour,
                               Loss::hidden_share};

[[noreturn]] void stop(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(2);
}

template <class T>
T must(base::Result<T> result, const char* what) {
    if (!result) stop(std::string(what) + ": " + result.error().reason);
    return std::move(*result);
}

/// A call of an asked party that worked, or may be lost.
struct Session {
    std::int64_t hour;
    std::vector<std::string> sources;  // of each of its calls
};

struct World {
    std::shared_ptr<const registry::Registry> registry;
    std::optional<rolled::KeyIndex> keys;
    rollup::Rows rows;
    std::map<std::string, std::uint64_t> records;       // by source, lost ones included
    std::map<std::size_t, std::vector<Session>> calls;  // by asked party
};

/// What the registry import makes of the world's rows.
void read_registry(World& world, const Truth& truth) {
    registry::KeyHasher hasher(std::string(32, 'i'), std::string(32, 's'));
    auto rows = registry::parse_rows(truth.registry_rows(), registry::Format::ndjson, {}, &hasher);
    if (!rows) stop("registry: " + rows.error().front().what);
    world.keys.emplace(std::move(hasher), rows->key_marks);
    rows->key_marks.clear();
    world.registry = must(registry::Registry::build(std::move(*rows)), "registry");
}

/// Blocks of lines by source, through the code that serves.
class Roller {
public:
    Roller(World& world, const decode::Formats& formats,
           const std::shared_ptr<const pipeline::Reference>& reference)
        : world_(world),
          format_(*formats.find("native")),
          preparer_(must(pipeline::Preparer::make(reference, {.ungated = true}), "preparer")),
          rollup_(reference->names, 1) {}

    void add(const Truth::Record& record) {
        ++world_.records[std::string(record.source)];
        if (record.lost) return;
        std::string& block = blocks_[std::string(record.source)];
        block += record.line;
        block += '\n';
        if (block.size() > (1 << 20)) roll(std::string(record.source), block);
    }

    void finish() {
        for (auto& [source, block] : blocks_) roll(source, block);
        world_.rows = rollup_.take();
    }

private:
    void roll(const std::string& source, std::string& block) {
        std::vector<decode::Reject> rejects;
        const auto& batch = preparer_.prepare(format_, block, 0, base::WallTime::max(), rejects);
        if (!rejects.empty()) stop("a record of the world was rejected");
        rollup_.from(source);
        rollup_.add(batch);
        block.clear();
    }

    World& world_;
    const decode::Format& format_;
    pipeline::Preparer preparer_;
    rollup::Rollup rollup_;
    std::map<std::string, std::string> blocks_;
};

void remember(World& world, const Truth::Record& record, base::EventTime start) {
    // Refused calls show nothing that counts as use.
    if (!record.asked || record.line.find("\"error\"") != std::string::npos) return;
    const auto hour = std::chrono::floor<std::chrono::hours>(record.at - start).count();
    auto& sessions = world.calls[*record.asked];
    if (sessions.empty() || sessions.back().hour != hour) sessions.push_back({hour, {}});
    sessions.back().sources.emplace_back(record.source);
}

World roll(Truth& truth, const std::shared_ptr<const decode::Formats>& formats,
           const std::shared_ptr<const policy::Set>& policies) {
    World world;
    read_registry(world, truth);
    enrich::Snapshot facts;
    facts.registry = world.registry;
    const auto reference = pipeline::make_reference(formats, policies, facts, std::string(32, 'b'),
                                                    pipeline::Purpose::store);
    Roller roller(world, *formats, reference);
    Truth::Record record;
    while (truth.next(record)) {
        roller.add(record);
        remember(world, record, truth.options().start);
    }
    roller.finish();
    return world;
}

coverage::Certificate certificate_of(const World& world, base::EventTime start,
                                     const std::vector<generate::Hole>& holes) {
    coverage::Certificate out;
    out.from = start;
    out.to = start + std::chrono::hours{Truth::hours};
    std::map<std::string, coverage::SourceLine> lines;
    for (const auto& row : world.rows.coverage) {
        auto& line = lines[row.source];
        line.received += row.received;
        line.parsed += row.parsed;
        line.attributed += row.attributed;
        line.rejected += row.rejected;
    }
    for (const generate::Hole& hole : holes) {
        out.gaps.push_back({.source = hole.source,
                            .from = start + std::chrono::hours{hole.from_hour},
                            .to = start + std::chrono::hours{hole.to_hour},
                            .cause = hole.lost ? coverage::Cause::counter : coverage::Cause::silent,
                            .lost = hole.lost,
                            .acknowledged = hole.acknowledged,
                            .note = {}});
        lines[hole.source].lost += hole.lost.value_or(0);
    }
    for (auto& [source, line] : lines) {
        line.source = source;
        line.expectation_declared = true;
        line.expected = line.received + line.lost;
        out.sources.push_back(line);
    }
    coverage::measure(out);
    return out;
}

presence::Question question_of(const generate::Asked& asked, base::EventTime start) {
    presence::Question out;
    out.from = start;
    out.to = start + std::chrono::hours{Truth::hours};
    out.case_ref = asked.uid;
    out.asked_by = "bench";
    for (const generate::Hint& hint : asked.clues) {
        out.clues.push_back(must(presence::make_clue(*presence::kind_of(hint.kind), hint.value),
                                 asked.uid.c_str()));
    }
    return out;
}

void ask(const Truth& truth, const World& world, score::Score& score) {
    const auto start = truth.options().start;
    const bool hidden = truth.loss() == Loss::hidden_hour || truth.loss() == Loss::hidden_share;
    const std::string title = "seed " + std::to_string(truth.options().seed) + " " +
                              std::string(generate::name(truth.loss()));
    rolled::Source source(world.registry, world.rows, *world.keys,
                          certificate_of(world, start, truth.holes()));
    for (const generate::Asked& asked : truth.asked()) {
        presence::Question question = question_of(asked, start);
        const auto facts = must(presence::gather(question, source), asked.uid.c_str());
        score.add(title, asked, hidden, presence::answer(question, facts),
                  presence::weigh(question, facts));
    }
}

/// What a loss does to records at some hour of some source.
struct Draw {
    std::vector<generate::Hole> holes;
    std::uint64_t permille = 0;  // of the records of the hole

    [[nodiscard]] bool takes(std::int64_t hour, const std::string& source,
                             generate::Random& random) const {
        for (const generate::Hole& hole : holes) {
            if (hole.source == source && hole.from_hour <= hour && hour < hole.to_hour) {
                return random.chance(permille);
            }
        }
        return false;
    }
};

Draw hours_lost(const World& world, generate::Random& random) {
    Draw out;
    out.permille = 1'000;
    const auto length = static_cast<std::int64_t>(random.between(1, 48));
    const auto from = static_cast<std::int64_t>(
        random.below(static_cast<std::uint64_t>(Truth::hours - length + 1)));
    for (const auto& [source, records] : world.records) {
        out.holes.push_back({.source = source,
                             .from_hour = from,
                             .to_hour = from + length,
                             .lost = {},
                             .acknowledged = true});
    }
    return out;
}

Draw share_lost(const World& world, generate::Random& random) {
    Draw out;
    out.permille = random.between(50, 900);
    auto source = world.records.begin();
    std::advance(source, static_cast<std::ptrdiff_t>(random.below(world.records.size())));
    out.holes.push_back({.source = source->first,
                         .from_hour = 0,
                         .to_hour = Truth::hours,
                         .lost = source->second * out.permille / 1'000,
                         .acknowledged = true});
    return out;
}

/// Whether some of so many sessions of a party are seen under the loss.
bool seen(std::vector<Session> sessions, std::uint64_t count, const Draw& draw,
          generate::Random& random) {
    for (std::uint64_t i = 0; i < count; ++i) {
        std::swap(sessions[i], sessions[i + random.below(sessions.size() - i)]);
        for (const std::string& source : sessions[i].sources) {
            if (!draw.takes(sessions[i].hour, source, random)) return true;
        }
    }
    return false;
}

/// Losses are repeated on the calls of a world that lost nothing, much larger ones than those of
/// the questions; a party as active as n95 says must be seen in 95 of 100.
void try_power(const Truth& truth, const World& world, score::Score& score) {
    constexpr int repeats = 2'000;
    generate::Random random(generate::mix(truth.options().seed, "power"));
    std::vector<const std::vector<Session>*> parties;
    for (const auto& [party, sessions] : world.calls) parties.push_back(&sessions);
    for (int i = 0; i < repeats; ++i) {
        const bool hour = i % 2 == 0;
        const Draw draw = hour ? hours_lost(world, random) : share_lost(world, random);
        auto certificate = certificate_of(world, truth.options().start, {});
        // What was lost did not come.
        for (auto& line : certificate.sources) {
            if (!hour && line.source == draw.holes.front().source) {
                line.lost = *draw.holes.front().lost;
                line.parsed -= line.lost;
                line.received -= line.lost;
            }
        }
        for (const generate::Hole& hole : draw.holes) {
            certificate.gaps.push_back(
                {.source = hole.source,
                 .from = certificate.from + std::chrono::hours{hole.from_hour},
                 .to = certificate.from + std::chrono::hours{hole.to_hour},
                 .cause = hole.lost ? coverage::Cause::counter : coverage::Cause::silent,
                 .lost = hole.lost,
                 .acknowledged = true,
                 .note = {}});
        }
        coverage::measure(certificate);
        const auto n95 = presence::power_of(certificate).n95[0];
        const auto& sessions = *parties[random.below(parties.size())];
        if (!n95 || *n95 > sessions.size()) continue;
        score.power(hour ? "hours lost" : "share lost", seen(sessions, *n95, draw, random));
    }
}

struct Arguments {
    std::vector<std::uint64_t> seeds;
    std::uint64_t parties = Truth::Options{}.parties;
    std::uint64_t calls = 100'000;
    bool misses = false;
};

Arguments read(int argc, char** argv) {
    Arguments out;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--misses") {
            out.misses = true;
            continue;
        }
        if (i + 1 == argc) stop("usage: presence_bench --seeds N,N [--parties N] [--calls N]");
        const char* value = argv[++i];
        if (name == "--seeds") {
            for (char* rest = argv[i]; *rest != '\0'; rest += *rest == ',' ? 1 : 0) {
                out.seeds.push_back(std::strtoull(rest, &rest, 10));
                if (*rest != '\0' && *rest != ',') stop("--seeds: numbers, commas between them");
            }
        } else if (name == "--parties" || name == "--questions") {
            out.parties = std::strtoull(value, nullptr, 10);
        } else if (name == "--calls") {
            out.calls = std::strtoull(value, nullptr, 10);
        } else {
            stop("unknown option " + std::string(name));
        }
    }
    if (out.seeds.empty()) stop("--seeds: which worlds");
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = read(argc, argv);
    const auto formats = must(shipped::formats(), "formats");
    const auto policies = shipped::policies();
    if (!policies) stop("policies do not load");
    score::Score score(arguments.misses);
    for (const std::uint64_t seed : arguments.seeds) {
        for (const Loss loss : losses) {
            const auto truth = must(Truth::make({.seed = seed,
                                                 .calls = arguments.calls,
                                                 .parties = arguments.parties,
                                                 .loss = loss}),
                                    "world");
            const World world = roll(*truth, formats, *policies);
            ask(*truth, world, score);
            if (loss == Loss::none) try_power(*truth, world, score);
        }
    }
    score.print();
    return 0;
}
