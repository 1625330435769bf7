#include "pipeline/evaluator.hpp"

#include "base/assert.hpp"
#include "correlate/packed_ref.hpp"
#include "coverage/chain.hpp"
#include "journal/control.hpp"
#include "pipeline/feeds.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <tuple>

namespace pipeline {
namespace {

namespace control = journal::control;
static_assert(journal::max_block_records <= correlate::max_block_records);

/// The event ids of a batch, looked up in Dedupe's table some calls ahead of their turn: a miss of
/// the cache for each call was a twentieth of the server.
class IdsAhead {
public:
    IdsAhead(const Dedupe& dedupe, const call::Batch& batch, std::string_view source)
        : dedupe_(dedupe), batch_(batch), source_(source) {
        for (std::size_t i = 0; i < ahead; ++i) fetch(i);
    }
    /// The hash of call `i`; to be asked for each call once, in order.
    std::uint64_t take(std::size_t i) {
        const std::uint64_t out = hashes_[i % ahead];
        fetch(i + ahead);
        return out;
    }

private:
    static constexpr std::size_t ahead = 8;
    void fetch(std::size_t i) {
        if (i >= batch_.size()) return;
        const auto id = batch_[i].get(call::Field::metadata_uid).text_or_empty();
        hashes_[i % ahead] = dedupe_.hash(source_, id);
        dedupe_.prefetch(hashes_[i % ahead]);
    }
    const Dedupe& dedupe_;
    const call::Batch& batch_;
    std::string_view source_;
    std::array<std::uint64_t, ahead> hashes_{};
};

correlate::Engine make_engine(const Reference& reference, const Evaluator::Options& options) {
    correlate::Engine::Options engine;
    engine.repeat_every = options.repeat_every;
    engine.hash_key[0] ^= options.hash_seed;
    return {reference.policies, reference.names, engine};
}

Signs::Rhythms rhythms_of(const Evaluator::Options& options) {
    Signs::Rhythms out;
    for (const auto& [source, rhythm] : options.rhythms) out.emplace(source, rhythm.every.count());
    return out;
}

constexpr std::size_t most_replayed = 100'000;

// Longer than any policy waits for something.
constexpr std::chrono::days signs_kept{100};

/// The parts of what `write` writes.
template <class Write>
Parts pack(const Write& write) {
    Packer packer;
    correlate::Writer out([&](std::string_view piece) { packer.add(piece); });
    write(out);
    out.flush();
    return std::move(packer).finish();
}

/// Calls `use` for each line without its end.
template <class Use>
void each_line(std::string_view lines, Use use) {
    while (!lines.empty()) {
        const auto end = lines.find('\n');
        use(lines.substr(0, end));
        if (end == std::string_view::npos) return;
        lines.remove_prefix(end + 1);
    }
}

/// A line of a rejects block: one record, or many of one code that did not fit in.
struct Refused {
    std::uint32_t line = 0;
    std::uint64_t count = 1;
    std::string code;
    std::string sample;
};

std::optional<Refused> read_refused(std::string_view line) {
    boost::system::error_code fault;
    const auto parsed = boost::json::parse(line, fault);
    const auto* object = fault ? nullptr : parsed.if_object();
    const auto* code = object ? object->if_contains("code") : nullptr;
    if (!code || !code->is_string()) return {};
    Refused out{.code = std::string(code->as_string())};
    if (const auto* at = object->if_contains("line"); at && at->is_int64()) {
        out.line = static_cast<std::uint32_t>(at->as_int64());
    }
    if (const auto* count = object->if_contains("count"); count && count->is_int64()) {
        out.count = static_cast<std::uint64_t>(count->as_int64());
    }
    if (const auto* sample = object->if_contains("sample"); sample && sample->is_string()) {
        out.sample = sample->as_string();
    }
    return out;
}

store::DeadLetter letter_of(const journal::Entry& entry, std::uint32_t record, std::string code,
                            std::string sample) {
    return {.source = entry.block.source,
            .client = entry.block.client,
            .block = entry.lsn,
            .record = record,
            .received = entry.block.received,
            .code = std::move(code),
            .reason = {},
            .sample = std::move(sample)};
}

}  // namespace

base::Result<std::unique_ptr<Evaluator>> Evaluator::make(std::shared_ptr<const Reference> reference,
                                                         Options options) {
    auto preparer = Preparer::make(std::move(reference), {});
    if (!preparer) return std::unexpected(preparer.error());
    return std::unique_ptr<Evaluator>(new Evaluator(std::move(*preparer), std::move(options)));
}

Evaluator::Evaluator(Preparer preparer, Options options)
    : options_(std::move(options)),
      preparer_(std::move(preparer)),
      engine_(make_engine(preparer_.reference(), options_)),
      grouper_(preparer_.reference().policies, {}),
      dedupe_(options_.hash_seed, options_.dedupe_capacity),
      repeats_(options_.hash_seed),
      signs_(rhythms_of(options_)),
      sight_([this](auto policy, auto from, auto to) { return seen(policy, from, to); }),
      rollup_(preparer_.reference().names, options_.hash_seed),
      canaries_(options_.canary_secret) {}

std::chrono::microseconds Evaluator::lateness(std::string_view source) const {
    const auto found = options_.lateness.find(source);
    return found == options_.lateness.end() ? options_.default_lateness : found->second;
}

void Evaluator::apply(const journal::Entry& entry, bool silent) {
    batch_times_.enter(entry.block);
    if (!silent && !options_.alerts_only) seal(entry);
    if (entry.block.format == control::format) {
        apply_control(entry, silent);
    } else if (!repeats_.counts(entry.block)) {
        counters_.duplicates += entry.block.records;
    } else if (entry.block.rejects) {
        if (!silent && !options_.alerts_only) apply_rejects(entry);
    } else {
        apply_records(entry, silent);
    }
    advance(silent);
}

/// Notes the block for the chain.
void Evaluator::seal(const journal::Entry& entry) {
    gathered_.leaves.push_back(coverage::block_leaf(entry.lsn, entry.digest));
    gathered_.arrived = std::max(gathered_.arrived, entry.block.received);
    if (entry.block.format != control::format && !entry.block.rejects)
        gathered_.records += entry.block.records;
}

/// A call of our own: added up like any other, under a tenant that is nobody, and seen by no rule,
/// window, watermark or count of what a source sent.
void Evaluator::take_canary(call::Batch& batch, std::size_t index, bool silent) {
    ++counters_.calls;
    if (silent || options_.alerts_only) return;
    const auto slot = batch.names().slot(call::Field::tenant_uid);
    batch.row(index).values[slot] = call::Value::of(coverage::canary_tenant);
    rollup_.add_uncounted(batch[index]);
}

/// The views leave the tenant of canaries out: nobody hides by taking its name.
void Evaluator::keep_visible(call::Batch& batch, std::size_t index) {
    if (batch[index].get(call::Field::tenant_uid).text_or_empty() != coverage::canary_tenant)
        return;
    const auto slot = batch.names().slot(call::Field::tenant_uid);
    batch.row(index).values[slot] = call::Value::of(std::string_view("(not a canary)"));
}

void Evaluator::apply_control(const journal::Entry& entry, bool silent) {
    each_line(entry.block.lines, [&](std::string_view line) {
        if (line.starts_with(control::idle)) {
            const auto source = line.substr(control::idle.size());
            watermark_.idle(source);
            if (!silent && !options_.alerts_only) {
                gathered_.silences.push_back(
                    {entry.lsn, std::string(source), entry.block.received});
            }
        }
        if (line.starts_with(control::suspend))
            suspend(entry, line.substr(control::suspend.size()), silent);
        if (line.starts_with(control::resume))
            resume(entry, line.substr(control::resume.size()), silent);
        if (line == control::heartbeat)
            signs_.sign(entry.block.source, base::event_time(base::micros(entry.block.received)));
        if (silent || options_.alerts_only) return;
        if (line.starts_with(control::sequence))
            report(entry, line.substr(control::sequence.size()));
        if (line != control::heartbeat) return;
        rollup_.from(entry.block.source);
        rollup_.heartbeat(entry.block.received);
    });
}

/// Not judged is what comes from here on, which may be older than its arrival: an archive.
void Evaluator::suspend(const journal::Entry& entry, std::string_view digest, bool silent) {
    const auto policies = preparer_.reference().policies->policies();
    const auto policy = std::ranges::find(policies, digest, &policy::Policy::digest);
    auto from = base::event_time(base::micros(entry.block.received));
    if (policy == policies.end()) {
        // Replaced since: if nobody came to store when, it was before it would have been resumed.
        if (silent && !options_.alerts_only)
            gathered_.suspensions.push_back(
                {std::string(digest), {}, from + Suspensions::lasts, true});
        return;
    }
    if (watermark_.value() != base::EventTime::min()) from = std::min(from, watermark_.value());
    if (!suspensions_.suspend(digest, from, entry.block.received)) return;
    keep_suspended();
    if (silent || options_.alerts_only) return;
    ++counters_.suspensions;
    gathered_.suspensions.push_back({std::string(digest), policy->key(), from, false});
}

void Evaluator::resume(const journal::Entry& entry, std::string_view digest, bool silent) {
    const auto at = base::event_time(base::micros(entry.block.received));
    if (!suspensions_.resume(digest, at)) return;
    keep_suspended();
    if (silent || options_.alerts_only) return;
    gathered_.suspensions.push_back({std::string(digest), {}, at, true});
}

void Evaluator::keep_suspended() {
    preparer_.suspend(suspensions_.suspended(*preparer_.reference().policies));
}

/// A rule with another text is judged at once.
void Evaluator::forget_replaced() {
    for (auto& digest : suspensions_.keep(*preparer_.reference().policies))
        gathered_.suspensions.push_back({std::move(digest), {}, watermark_.value(), true});
    keep_suspended();
}

void Evaluator::watch(policy::Busy* busy) noexcept {
    busy_ = busy;
    preparer_.watch(busy);
}

/// The numbers of the batch that ends here: "17-42 producer".
void Evaluator::report(const journal::Entry& entry, std::string_view text) {
    const auto blank = text.find(' ');
    auto report = coverage::parse_sequence(text.substr(0, blank));
    if (!report || blank == std::string_view::npos) return;  // we wrote these lines ourselves
    report->source = entry.block.source;
    report->producer = text.substr(blank + 1);
    report->oldest = batch_times_.oldest(entry.block.received);
    report->newest = batch_times_.newest(entry.block.received);
    coverage::gather(gathered_.reports, *std::move(report));
}

void Evaluator::apply_rejects(const journal::Entry& entry) {
    std::uint64_t count = 0;
    std::uint64_t set_aside = 0;
    each_line(entry.block.lines, [&](std::string_view line) {
        const auto refused = read_refused(line);
        if (!refused) return;  // we wrote these lines ourselves
        count += refused->count;
        if (refused->code == name(decode::RejectCode::not_a_record)) set_aside += refused->count;
        auto letter = letter_of(entry, refused->line, refused->code, refused->sample);
        letter.reason = refused->count == 1
                            ? "refused at the door"
                            : std::to_string(refused->count) + " records refused at the door";
        gathered_.dead_letters.push_back(std::move(letter));
    });
    counters_.rejected += count;
    rollup_.from(entry.block.source);
    rollup_.reject(count, set_aside, entry.block.received);
}

void Evaluator::dead_letter(const journal::Entry& entry, const decode::Reject& reject) {
    gathered_.dead_letters.push_back(
        letter_of(entry, reject.line, std::string(name(reject.code)), reject.sample));
    gathered_.dead_letters.back().reason = "not decoded";
}

void Evaluator::apply_records(const journal::Entry& entry, bool silent) {
    const auto* format = preparer_.reference().formats->find(entry.block.format);
    if (!format) {
        // The format's file was taken away between acceptance and now: nothing is lost, each is
        // kept.
        std::uint32_t line = 0;
        each_line(entry.block.lines, [&](std::string_view record) {
            ++line;
            if (silent) return;
            ++counters_.rejected;
            if (options_.alerts_only) return;
            dead_letter(entry, {line, decode::RejectCode::unknown_format,
                                std::string(record.substr(0, 512))});
        });
        return;
    }
    rejects_.clear();
    auto& batch = preparer_.prepare(*format, entry.block.lines, 0, entry.block.received, rejects_);
    rollup_.from(entry.block.source);
    IdsAhead ids(dedupe_, batch, entry.block.source);
    auto newest = base::EventTime::min();
    auto minute = base::EventTime::min();
    std::uint64_t ahead = 0;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto call = batch[i];
        if (!dedupe_.first(ids.take(i))) {
            ++counters_.duplicates;
            continue;
        }
        if (canaries_.is(call.get(call::Field::key_uid).text_or_empty())) {
            take_canary(batch, i, silent);
            continue;
        }
        keep_visible(batch, i);
        batch_times_.observe(call.time());
        const bool future = (call.header().notes & call::note_future) != 0;
        if (future) ++ahead;
        if (!future) {
            newest = std::max(newest, call.time());
            if (const auto now = std::chrono::floor<std::chrono::minutes>(call.time());
                now != minute)
                signs_.sign(entry.block.source, minute = now);
        }
        const bool matched = observe(batch, i, entry, silent);
        if (silent || options_.alerts_only) continue;
        rollup_.add(call);
        if (options_.raw_calls == Keep::all || (options_.raw_calls == Keep::matched && matched)) {
            gathered_.calls.add(call, {.source = entry.block.source,
                                       .block = entry.lsn,
                                       .received_micros = base::micros(entry.block.received),
                                       .matched = matched_ids_,
                                       .with_raw = true,
                                       .format = entry.block.format});
            gathered_.leaves.push_back(
                coverage::record_leaf(entry.lsn, call.header().record, call.header().raw));
        }
    }
    counters_.future += ahead;
    if (newest != base::EventTime::min())
        watermark_.observe(entry.block.source, newest, lateness(entry.block.source));
    if (silent) return;
    counters_.rejected += rejects_.size();
    if (options_.alerts_only) return;
    for (const auto& reject : rejects_) dead_letter(entry, reject);
    rollup_.ahead(ahead, entry.block.received);
    const auto none =
        std::ranges::count(rejects_, decode::RejectCode::not_a_record, &decode::Reject::code);
    rollup_.reject(rejects_.size(), static_cast<std::uint64_t>(none), entry.block.received);
}

bool Evaluator::observe(const call::Batch& batch, std::size_t index, const journal::Entry& entry,
                        bool silent) {
    const auto call = batch[index];
    const bool late = call.time() <= watermark_.value();
    preparer_.tell(index, entry.block.source, late);
    if (late) ++counters_.late;
    ++counters_.calls;
    const auto cut = preparer_.cut();
    const auto& matched = heard(preparer_.match(call));
    counters_.cut += preparer_.cut() - cut;
    if (!matched.empty()) {
        firings_.clear();
        engine_.observe(call, matched, entry.lsn, firings_);
        group(silent);
    }
    return keeps(matched);
}

void Evaluator::hear_only(const std::set<std::string>& digests) {
    const auto& policies = preparer_.reference().policies->policies();
    mute_.assign(policies.size(), false);
    for (std::size_t i = 0; i < policies.size(); ++i)
        mute_[i] = !digests.contains(policies[i].digest);
    // What was replaced by another text since is told of already.
    std::ignore = suspensions_.keep(digests);
    keep_suspended();
}

const std::vector<policy::PolicyIndex>& Evaluator::heard(
    const std::vector<policy::PolicyIndex>& matched) {
    if (mute_.empty()) return matched;
    heard_.clear();
    std::ranges::copy_if(matched, std::back_inserter(heard_),
                         [&](auto policy) { return !is_mute(policy); });
    return heard_;
}

/// True when some of the rules keep the calls that they match. Notes the ids of all of them.
bool Evaluator::keeps(const std::vector<policy::PolicyIndex>& matched) {
    const auto& policies = preparer_.reference().policies->policies();
    const bool kept = std::ranges::any_of(
        matched, [&](auto policy) { return policies[policy].callerprint.keep_calls; });
    if (kept) ++counters_.matched;
    matched_ids_.clear();
    if (!kept && options_.raw_calls != Keep::all) return false;
    for (const auto policy : matched) matched_ids_.push_back(policies[policy].key());
    return kept;
}

void Evaluator::advance(bool silent) {
    if (watermark_.value() == base::EventTime::min()) return;
    signs_.forget(watermark_.value() - signs_kept);
    suspensions_.forget(watermark_.value() - signs_kept);
    firings_.clear();
    const bool sees_all = options_.rhythms.empty() && suspensions_.empty();
    engine_.advance(watermark_.value(), firings_, sees_all ? nullptr : &sight_);
    group(silent);
}

/// What the policy's log sources sent in a time: of each source that its rules' records may come
/// from. The worst of them counts.
correlate::Seen Evaluator::seen(policy::PolicyIndex policy, base::EventTime from,
                                base::EventTime to) const {
    const auto& reference = preparer_.reference();
    auto out = suspensions_.seen(*reference.policies, policy, from, to, watermark_.value());
    for (const auto& [source, rhythm] : options_.rhythms) {
        if (!feeds(*reference.formats, *reference.policies, rhythm.format, policy)) continue;
        const auto one = signs_.seen(source, from, to, watermark_.value());
        if (!one.until || (out.lost && !one.lost)) continue;
        out = one.lost == out.lost && out.until
                  ? correlate::Seen{one.lost, std::max(*one.until, *out.until)}
                  : one;
    }
    return out;
}

void Evaluator::group(bool silent) {
    if (firings_.empty()) return;
    std::vector<alert::Change> unseen;
    auto& changes = silent ? unseen : gathered_.alerts;
    for (const auto& firing : firings_) {
        // A correlation that is new, over rules that are not.
        if (is_mute(firing.policy)) continue;
        if (!suspensions_.misled(*preparer_.reference().policies, firing.policy,
                                 firing.window_start, firing.at))
            grouper_.apply(firing, changes);
    }
    note_replayed(unseen);
}

void Evaluator::note_replayed(const std::vector<alert::Change>& unseen) {
    for (const auto& change : unseen) {
        if (replayed_.size() == most_replayed) return;
        if (change.kind == alert::Change::Kind::opened) replayed_.push_back(change.alert.id);
    }
}

std::size_t Evaluator::pending_bytes() const noexcept {
    constexpr std::size_t letter_bytes = 1'024;
    constexpr std::size_t alert_bytes = 8'192;  // with its evidence
    constexpr std::size_t report_bytes = 256;
    return rollup_.bytes() + gathered_.calls.bytes() +
           gathered_.dead_letters.size() * letter_bytes + gathered_.alerts.size() * alert_bytes +
           gathered_.reports.size() * report_bytes + gathered_.leaves.size() * sizeof(base::Digest);
}

store::Effects Evaluator::take() {
    gathered_.rollup = rollup_.take();
    gathered_.watermark = watermark_.value();
    gathered_.policy_rev = revision();
    return std::exchange(gathered_, {});
}

base::Result<Evaluator::Next> Evaluator::ready(std::shared_ptr<const Reference> reference,
                                               const Options& options) {
    auto preparer = Preparer::make(reference, {});
    if (!preparer) return std::unexpected(preparer.error());
    return Next(std::move(*preparer), make_engine(*reference, options));
}

void Evaluator::use(Next next) {
    const auto& reference = next.preparer.reference();
    engine_.use(std::move(next.engine));
    grouper_.use(reference.policies);
    rollup_.use(reference.names);
    preparer_ = std::move(next.preparer);
    preparer_.watch(busy_);
    forget_replaced();
}

void Evaluator::forget(const std::function<bool(std::string_view)>& names) {
    engine_.forget(names);
    grouper_.forget(names);
}

Parts Evaluator::save() const {
    return pack([&](correlate::Writer& out) {
        engine_.save(out);
        grouper_.save(out);
        out.bytes(watermark_.save());
        dedupe_.save(out);
        repeats_.save(out);
        signs_.save(out);
        suspensions_.save(out);
    });
}

base::Result<void> Evaluator::restore(std::span<const std::string> parts) {
    auto unpacker = Unpacker::open(parts);
    if (!unpacker) return std::unexpected(unpacker.error());
    correlate::Reader in([&] { return unpacker->next(); });
    auto engine = make_engine(preparer_.reference(), options_);
    alert::Grouper grouper(preparer_.reference().policies, {});
    Watermark watermark;
    Dedupe dedupe(options_.hash_seed, options_.dedupe_capacity);
    Repeats repeats(options_.hash_seed);
    Signs signs(rhythms_of(options_));
    Suspensions suspensions;
    const auto read = [&]() -> base::Result<void> {
        if (auto done = engine.restore(in); !done) return done;
        if (auto done = grouper.restore(in); !done) return done;
        if (auto done = watermark.restore(in.bytes()); !done) return done;
        dedupe.restore(in);
        repeats.restore(in);
        if (in.done()) return {};  // of a version that kept no signs
        signs.load(in);
        if (in.done()) return {};  // of one that suspended nobody
        suspensions.load(in);
        if (in.done()) return {};
        return base::fail(base::Fault::invalid,
                          "the saved window state does not end where it should");
    }();
    if (!unpacker->intact()) return unpacker->intact();  // the cause, whatever came of it
    if (!read) return read;
    engine_ = std::move(engine);
    grouper_ = std::move(grouper);
    watermark_ = std::move(watermark);
    dedupe_ = std::move(dedupe);
    repeats_ = std::move(repeats);
    signs_ = std::move(signs);
    suspensions_ = std::move(suspensions);
    forget_replaced();
    return {};
}

journal::Block idle_block(std::string_view source, base::WallTime now) {
    journal::Block block;
    block.source = "callerprint";
    block.format = control::format;
    block.received = now;
    block.records = 1;
    block.lines = std::string(control::idle) + std::string(source) + '\n';
    return block;
}

journal::Block still_block(base::WallTime now) {
    journal::Block block;
    block.source = "callerprint";
    block.format = control::format;
    block.received = now;
    block.records = 1;
    block.lines = std::string(control::still) + '\n';
    return block;
}

journal::Block rules_block(std::string_view verb, std::span<const std::string> digests,
                           base::WallTime now) {
    auto block = still_block(now);
    block.lines.clear();
    for (const auto& digest : digests) block.lines.append(verb).append(digest).append("\n");
    block.records = static_cast<std::uint32_t>(digests.size());
    return block;
}

}  // namespace pipeline
