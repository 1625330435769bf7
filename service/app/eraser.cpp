#include "app/eraser.hpp"

#include "base/kill_point.hpp"
#include "base/log.hpp"
#include "base/thread.hpp"
#include "journal/control.hpp"
#include "store/erase_rows.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>

namespace app {
namespace {

using namespace std::chrono_literals;

base::Error stopping() {
    return {base::Fault::unavailable, "the server is stopping"};
}

/// What the future holds, unless this ends before.
template <class T>
base::Result<T> wait(std::future<T> future, const std::stop_token& stop) {
    while (future.wait_for(100ms) != std::future_status::ready)
        if (stop.stop_requested()) return std::unexpected(stopping());
    try {
        return future.get();
    } catch (const std::future_error&) {
        return std::unexpected(stopping());
    }
}

std::string result_text(const journal::Rewritten& journal, const store::RowsByTable& rows) {
    boost::json::object tables;
    for (const auto& [table, count] : rows) tables[table] = count;
    return boost::json::serialize(
        boost::json::object{{"journal",
                             {{"segments", journal.segments},
                              {"blocks", journal.blocks},
                              {"files_set_aside", journal.set_aside},
                              {"unreadable_blocks", journal.undecodable}}},
                            {"rows", std::move(tables)}});
}

}  // namespace

Eraser::Eraser(Options options, metrics::Registry& metrics)
    : options_(std::move(options)),
      oldest_(metrics.gauge("callerprint_erasure_oldest_seconds",
                            "How long ago the oldest erasure that is not done was approved.")),
      done_(metrics.counter("callerprint_erasures_total", "Erasures that were done.")),
      failures_(metrics.counter("callerprint_erasure_failures_total",
                                "Times that an erasure was broken off; it is tried again.")),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Eraser::stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
}

void Eraser::run(const std::stop_token& stop) {
    base::name_thread("eraser");
    std::mutex mutex;
    std::condition_variable_any wake;
    auto pause = 1s;
    while (!stop.stop_requested()) {
        {
            std::unique_lock lock(mutex);
            wake.wait_for(lock, stop, pause, [] { return false; });
        }
        if (stop.stop_requested()) return;
        const auto looked = look(stop);
        pause = looked ? 1s : 5s;
        if (!looked) session_.reset();
    }
}

base::Result<void> Eraser::look(const std::stop_token& stop) {
    if (!session_) {
        auto session = store::Session::open(options_.session);
        if (!session) return std::unexpected(session.error());
        session_ = std::move(*session);
    }
    const auto next = store::Erasures(*session_).next();
    if (!next) return std::unexpected(next.error());
    if (!*next) {
        oldest_.set(0);
        return {};
    }
    const auto& erasure = **next;
    oldest_.set(std::chrono::duration<double>(base::WallClock::now() - *erasure.approved).count());
    if (auto done = erase(erasure, stop); !done) {
        if (stop.stop_requested()) return done;
        failures_.add();
        base::log::error("erasure.failed",
                         {{"erasure", erasure.id}, {"reason", done.error().reason}});
        return done;
    }
    done_.add();
    return {};
}

base::Result<void> Eraser::erase(const store::Erasure& erasure, const std::stop_token& stop) {
    auto made = erase::Subjects::make(erasure.values, erasure.id);
    if (!made) return std::unexpected(made.error());
    const auto subjects = std::make_shared<const erase::Subjects>(std::move(*made));
    base::log::info("erasure.begun", {{"erasure", erasure.id}});
    const auto below = forget(subjects, stop);
    if (!below) return std::unexpected(below.error());
    BASE_KILL_POINT("app.erase.forgotten");
    const auto rewritten = rewrite(subjects, *below, stop);
    if (!rewritten) return std::unexpected(rewritten.error());
    BASE_KILL_POINT("app.erase.rewritten");
    // Last: what waited to be stored was stored before the windows forgot.
    const auto rows = store::erase_rows(*session_, *subjects, erasure.id, stop);
    if (!rows) return std::unexpected(rows.error());
    BASE_KILL_POINT("app.erase.rows");
    if (rewritten->set_aside + rewritten->undecodable > 0)
        base::log::warn("erasure.unreadable_left", {{"erasure", erasure.id},
                                                    {"blocks", rewritten->undecodable},
                                                    {"files", rewritten->set_aside}});
    const auto finished =
        store::Erasures(*session_).finish(erasure, *below, result_text(*rewritten, *rows));
    if (finished)
        base::log::info("erasure.done", {{"erasure", erasure.id}, {"blocks", rewritten->blocks}});
    return finished;
}

base::Result<journal::Lsn> Eraser::forget(std::shared_ptr<const erase::Subjects> subjects,
                                          const std::stop_token& stop) {
    return wait(
        options_.live.forget([subjects](std::string_view text) { return subjects->in(text); }),
        stop);
}

base::Result<journal::Rewritten> Eraser::rewrite(std::shared_ptr<const erase::Subjects> subjects,
                                                 journal::Lsn below, const std::stop_token& stop) {
    std::promise<base::Result<journal::Rewritten>> promise;
    auto done = promise.get_future();
    const auto change = [subjects](journal::Block& block) {
        if (block.format == journal::control::format) return false;  // names sources, nobody else
        return subjects->replace(block.lines) > 0;
    };
    options_.journal.rewrite(
        below, change,
        [promise = std::move(promise)](base::Result<journal::Rewritten> rewritten) mutable {
            promise.set_value(std::move(rewritten));
        });
    auto waited = wait(std::move(done), stop);
    if (!waited) return std::unexpected(waited.error());
    return std::move(*waited);
}

}  // namespace app
