#include "app/history_source.hpp"

#include "journal/archive.hpp"
#include "pipeline/evaluator.hpp"

namespace app {
namespace {

// A sort of a month's calls takes minutes before the first row comes.
constexpr std::chrono::hours longest_statement{4};

base::Error no_calls(const char* where) {
    return {base::Fault::not_found,
            std::string("there are no calls to judge again: none of that time is in the ") + where};
}

journal::Entry entry_of(const store::KeptBlock& kept) {
    journal::Entry entry;
    entry.lsn = kept.block;
    if (kept.silence) {
        entry.block = pipeline::idle_block(kept.source, kept.received);
        return entry;
    }
    entry.block.source = kept.source;
    entry.block.format = kept.format;
    entry.block.received = kept.received;
    entry.block.records = kept.records;
    entry.block.lines = kept.lines;
    return entry;
}

}  // namespace

base::Result<BacktestHistory> read_kept_calls(const std::string& url, const store::Period& period,
                                              const TakeBlock& take) {
    auto session = store::Session::open({.url = url,
                                         .application_name = "callerprint backtest",
                                         .statement_timeout = longest_statement,
                                         .idle_in_transaction_timeout = longest_statement});
    if (!session) return std::unexpected(session.error());
    const auto kept = store::read_history(
        **session, period, [](const store::Kept& there) { return there.calls > 0; },
        [&](const store::KeptBlock& block) { take(entry_of(block)); });
    if (!kept) return std::unexpected(kept.error());
    if (kept->calls == 0) return std::unexpected(no_calls("database (setting raw_calls)"));
    BacktestHistory out;
    out.source = "database";
    out.first = kept->first;
    out.last = kept->last;
    out.calls = kept->calls;
    out.late = kept->late;
    out.missing = std::max(kept->evaluated, kept->calls) - kept->calls;
    out.in_force = kept->in_force;
    return out;
}

base::Result<BacktestHistory> read_journal(const Config& config, const TakeBlock& take) {
    const auto archive = journal::Archive::open(config.data_dir / "journal");
    if (!archive) return std::unexpected(archive.error());
    BacktestHistory out;
    out.source = "journal";
    auto reader = archive->read();
    journal::Entry entry;
    journal::Lsn expected = archive->first();
    while (true) {
        const auto got = reader.next(entry);
        if (!got) return std::unexpected(got.error());
        if (!*got) break;
        out.missing += entry.lsn - expected;
        expected = entry.lsn + 1;
        take(entry);
    }
    if (expected == archive->first()) return std::unexpected(no_calls("journal"));
    return out;
}

}  // namespace app
