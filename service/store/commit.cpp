#include "base/assert.hpp"
#include "base/kill_point.hpp"
#include "base/log.hpp"
#include "store/batch.hpp"
#include "store/connection.hpp"
#include "store/session.hpp"

#include <optional>
#include <thread>

namespace store {
namespace {

using base::Fault;
using Clock = std::chrono::steady_clock;

constexpr const char* move_position =
    "UPDATE callerprint.source_position SET next_offset = $1,"
    " watermark = greatest(watermark, callerprint.at($2)), policy_rev = $3,"
    " snapshot_offset = CASE WHEN $4::boolean THEN $1 ELSE snapshot_offset END, written_at = now()"
    " WHERE source = $5 AND partition = $6 AND epoch = $7 AND next_offset = $8"
    " RETURNING asked_at >= now()";
constexpr const char* note_revision =
    "INSERT INTO callerprint.policy_activations (source, partition, from_block, revision, "
    "applied_at)"
    " SELECT $1, $2, $3, $4, callerprint.at($5) WHERE $4 IS DISTINCT FROM (SELECT revision"
    " FROM callerprint.policy_activations WHERE source = $1 AND partition = $2"
    " ORDER BY from_block DESC LIMIT 1)";
constexpr const char* forget_window_state =
    "DELETE FROM callerprint.window_state WHERE source = $1 AND partition = $2";
constexpr const char* save_part =
    "INSERT INTO callerprint.window_state (source, partition, part, state, saved_at)"
    " VALUES ($1, $2, $3, $4, now())";
// A backend that nobody hears any more is waited for no longer than this: everything else waits
// for the answer. One that is about to commit does so before it ends.
constexpr const char* wait_for_backend =
    "SELECT set_config('lock_timeout', '2s', true)"
    " WHERE current_setting('lock_timeout')::interval > interval '2s'";
// The old backend, while it lives, holds this row: the answer is final.
constexpr const char* ask_position =
    "SELECT epoch, next_offset FROM callerprint.source_position"
    " WHERE source = $1 AND partition = $2 FOR UPDATE";
constexpr const char* end_backend =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid = $1 AND backend_start::text = $2";

constexpr auto first_wait = std::chrono::milliseconds(20);
constexpr auto longest_wait = std::chrono::milliseconds(1'000);

std::int64_t offset(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

/// Writes rows [begin, end) behind a savepoint. What the server says when it refuses them; empty
/// when they are written.
std::string refusal(pqxx::dbtransaction& tx, const Section& section, Committed& result,
                    std::size_t begin, std::size_t end) {
    const Committed before = result;
    // By hand: libpqxx's subtransaction leaves the transaction aborted after a failed parameter
    // call.
    tx.exec("SAVEPOINT part");
    try {
        section.write(tx, begin, end);
    } catch (const pqxx::sql_error& thrown) {
        if (!is_data_fault(sqlstate_of(thrown))) throw;
        tx.exec("ROLLBACK TO SAVEPOINT part");
        result = before;
        return error_of(thrown, "refused").reason;
    }
    tx.exec("RELEASE SAVEPOINT part");
    return {};
}

/// Halves the rows until those that are refused stand alone; these become letters, the rest is
/// written. About 2 log2(rows) statements for each bad row.
void write_around(pqxx::dbtransaction& tx, const Batch& batch, const Section& section,
                  std::size_t begin, std::size_t end, std::vector<DeadLetter>& letters) {
    const auto reason = refusal(tx, section, batch.result, begin, end);
    if (reason.empty()) return;
    // A temporary table made behind the savepoint went with it.
    batch.connection.forget_uses();
    if (end - begin > 1) {
        const auto middle = begin + (end - begin) / 2;
        write_around(tx, batch, section, begin, middle, letters);
        write_around(tx, batch, section, middle, end, letters);
        return;
    }
    base::log::warn("store.row_set_aside", {{"section", section.name}, {"reason", reason}});
    ++batch.result.set_aside;
    if (!section.letter) return;  // a dead letter that is refused itself: logged, no more
    auto letter = section.letter(begin);
    letter.source = batch.effects.source;
    letter.received = batch.effects.now;
    letter.code = "refused_by_database";
    letter.reason = section.name + ": " + reason;
    letters.push_back(std::move(letter));
}

/// Takes the position. True: somebody asked a question between this transaction's beginning, which
/// its rows are stamped with, and now; it saw nothing of them, so they must be stamped later.
base::Result<bool> move(pqxx::work& tx, const Effects& effects) {
    const auto moved = run(tx, move_position,
                           Params()
                               .integer(offset(effects.to))
                               .time(effects.watermark)
                               .text(effects.policy_rev)
                               .boolean(!effects.window_state.empty())
                               .text(effects.source)
                               .integer(effects.partition)
                               .integer(effects.epoch)
                               .integer(offset(effects.from)));
    if (moved.affected_rows() == 1) {
        run(tx, note_revision,
            Params()
                .text(effects.source)
                .integer(effects.partition)
                .integer(offset(effects.from))
                .text(effects.policy_rev)
                .time(effects.now));
        return moved[0][0].as<bool>(false);
    }
    return base::fail(Fault::conflict,
                      "position of " + effects.source + "/" + std::to_string(effects.partition) +
                          " is not epoch " + std::to_string(effects.epoch) + " at " +
                          std::to_string(effects.from) +
                          ": somebody else has it, or this batch is stored already");
}

/// Part by part and in binary, so that there is never more than a part beside the state itself: as
/// text, bytes are twice as long.
void save_window_state(pqxx::work& tx, const Effects& effects) {
    if (effects.window_state.empty()) return;
    BASE_KILL_POINT("store.batch.state.before");
    run(tx, forget_window_state, Params().text(effects.source).integer(effects.partition));
    BASE_KILL_POINT("store.batch.state.forgotten");
    for (std::size_t i = 0; i < effects.window_state.size(); ++i) {
        tx.exec_params(save_part, effects.source, effects.partition, i,
                       pqxx::binarystring(effects.window_state[i]));
        BASE_KILL_POINT("store.batch.state.part");
    }
}

enum class Outcome : std::uint8_t { committed, refused_rows, again, in_doubt, failed };

// A clock that was set back may stand behind the last question for long; evaluation goes on.
constexpr int most_anew = 5;

struct Tried {
    Outcome outcome = Outcome::failed;
    Committed result;
    base::Error error;
};

/// Begins a transaction that has the position.
base::Result<void> begin(std::optional<pqxx::work>& tx, Connection& connection,
                         const Effects& effects) {
    for (int tries = 0;; ++tries) {
        BASE_KILL_POINT("store.batch.begin.before");
        tx.emplace(connection.raw());
        BASE_KILL_POINT("store.batch.begin.after");
        const auto stamped_too_early = move(*tx, effects);
        if (!stamped_too_early) return std::unexpected(stamped_too_early.error());
        BASE_KILL_POINT("store.batch.position.after");
        if (!*stamped_too_early || tries == most_anew) return {};
        tx.reset();
    }
}

/// Everything between position and COMMIT. Throws what libpqxx throws.
void write_all(pqxx::work& tx, Connection& connection, const Effects& effects,
               const Renderer& render, bool careful, Committed& result) {
    if (effects.to > effects.from) append_to_chain(tx, effects);
    BASE_KILL_POINT("store.batch.chain.after");
    const Batch batch{connection, effects, render, result};
    std::vector<DeadLetter> letters;
    for (const auto& section : sections_of(batch)) {
        if (careful) {
            write_around(tx, batch, section, 0, section.rows, letters);
        } else {
            section.write(tx, 0, section.rows);
        }
    }
    if (!letters.empty()) {
        std::vector<DeadLetter> refused_again;
        const auto section = dead_letter_section(batch, letters);
        write_around(tx, batch, section, 0, section.rows, refused_again);
    }
    BASE_KILL_POINT("store.batch.rows.after");
    save_window_state(tx, effects);
}

Tried attempt(Connection& connection, const Effects& effects, const Renderer& render,
              bool careful) {
    Tried tried;
    if (auto there = ensure_partitions(connection, weeks_of(effects), effects.now); !there) {
        tried.error = there.error();
        tried.outcome = tried.error.fault == Fault::unavailable ? Outcome::again : Outcome::failed;
        return tried;
    }
    if (auto there = connection.ensure(); !there) {
        tried.error = there.error();
        tried.outcome = tried.error.fault == Fault::unavailable ? Outcome::again : Outcome::failed;
        return tried;
    }
    bool committing = false;
    try {
        std::optional<pqxx::work> tx;
        if (auto begun = begin(tx, connection, effects); !begun) {
            tried.error = begun.error();
            return tried;
        }
        write_all(*tx, connection, effects, render, careful, tried.result);
        committing = true;
        BASE_KILL_POINT("store.batch.commit.before");
        tx->commit();
        BASE_KILL_POINT("store.batch.commit.after");
        tried.outcome = Outcome::committed;
    } catch (const std::exception& thrown) {
        tried.error = error_of(thrown, "storing a batch");
        connection.forget_uses();  // the temporary tables may have been rolled back
        const bool lost = is_lost(thrown) || !connection.raw().is_open();
        const auto state = sqlstate_of(thrown);
        // What PostgreSQL says when COMMIT itself fails is final; anything else, such as being told
        // to end (57P01), may come after the transaction was stored.
        const bool final = is_data_fault(state) || state.starts_with("40");
        if (committing && !final) {
            tried.outcome = Outcome::in_doubt;
        } else if (is_data_fault(state) && !careful) {
            tried.outcome = Outcome::refused_rows;
        } else if (lost || tried.error.fault == Fault::unavailable) {
            tried.outcome = Outcome::again;  // COMMIT was never sent: nothing happened
        }
        if (lost) connection.drop();
    }
    return tried;
}

/// Waits a little longer each time. False when there is no time left.
class Patience {
public:
    explicit Patience(std::chrono::milliseconds all) : until_(Clock::now() + all) {}
    bool wait() {
        if (Clock::now() + wait_ > until_) return false;
        std::this_thread::sleep_for(wait_);
        wait_ = std::min(wait_ * 2, longest_wait);
        return true;
    }

private:
    Clock::time_point until_;
    std::chrono::milliseconds wait_ = first_wait;
};

}  // namespace

/// A batch whose COMMIT was not answered, and who ran it.
struct Session::Doubt {
    std::string source;
    int partition = 0;
    std::int64_t epoch = 0;
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    Backend backend;
    Committed result;

    [[nodiscard]] bool is(const Effects& effects) const {
        return source == effects.source && partition == effects.partition &&
               epoch == effects.epoch && from == effects.from && to == effects.to;
    }

    /// True: committed. False: not, send it again. Fault::unavailable: ask again.
    base::Result<bool> resolve(Connection& connection) const {
        auto answer = connection.look(
            "asking whether a batch was stored", [&](pqxx::work& tx) -> base::Result<bool> {
                tx.exec(wait_for_backend);
                const auto rows = run(tx, ask_position, Params().text(source).integer(partition));
                if (!rows.empty() && rows[0][0].as<long long>() == epoch) {
                    const auto next = static_cast<std::uint64_t>(rows[0][1].as<long long>());
                    // A state alone moves nothing: it is saved again.
                    if (next == from) return false;
                    if (next == to) return true;
                }
                return base::fail(Fault::conflict,
                                  source +
                                      " was claimed by somebody else while a batch "
                                      "was being stored");
            });
        if (!answer && answer.error().reason.contains("55P03")) {
            // The old backend still holds the row: it will not answer anybody any more, so end it.
            auto ended = connection.transaction(
                "ending a backend of ours", [&](pqxx::work& tx) -> base::Result<void> {
                    run(tx, end_backend, Params().integer(backend.pid).text(backend.started));
                    return {};
                });
            if (!ended) return std::unexpected(ended.error());
        }
        return answer;
    }
};

Session::Session(Options options, std::unique_ptr<Connection> connection)
    : options_(std::move(options)), connection_(std::move(connection)) {}
Session::~Session() = default;

base::Result<Committed> Session::commit(const Effects& effects) {
    BASE_ASSERT(effects.to > effects.from ||
                (effects.to == effects.from && !effects.window_state.empty()));
    Patience patience(options_.commit_patience);
    if (doubt_ && !doubt_->is(effects)) doubt_.reset();
    bool careful = false;
    bool was_in_doubt = false;
    for (;;) {
        if (doubt_) {
            const auto committed = doubt_->resolve(*connection_);
            if (!committed) {
                if (committed.error().fault != Fault::unavailable) doubt_.reset();
                if (doubt_ && patience.wait()) continue;
                return std::unexpected(committed.error());
            }
            BASE_KILL_POINT("store.doubt.resolved");
            auto result = doubt_->result;
            doubt_.reset();
            base::log::info("store.commit_resolved", {{"committed", *committed}});
            result.was_in_doubt = was_in_doubt = true;
            if (*committed) return result;
        }
        if (const auto room = room_above(options_.reserve); !room)
            return std::unexpected(room.error());
        auto tried = attempt(*connection_, effects, options_.render, careful);
        switch (tried.outcome) {
            case Outcome::committed:
                tried.result.was_in_doubt = was_in_doubt;
                return tried.result;
            case Outcome::failed:
                return std::unexpected(std::move(tried.error));
            case Outcome::refused_rows:
                careful = true;
                break;
            case Outcome::in_doubt:
                // Known only now: the batch may have gone over a connection that it made itself.
                doubt_ = std::make_unique<Doubt>(Doubt{effects.source, effects.partition,
                                                       effects.epoch, effects.from, effects.to,
                                                       connection_->backend(), tried.result});
                base::log::warn("store.commit_in_doubt", {{"to", effects.to}});
                BASE_KILL_POINT("store.doubt.before");
                break;
            case Outcome::again:
                if (!patience.wait()) return std::unexpected(std::move(tried.error));
                break;
        }
    }
}

}  // namespace store
