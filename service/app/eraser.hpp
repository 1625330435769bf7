#pragma once

#include "base/result.hpp"
#include "journal/journal.hpp"
#include "metrics/registry.hpp"
#include "pipeline/live.hpp"
#include "store/erasures.hpp"
#include "store/session.hpp"

#include <memory>
#include <stop_token>
#include <string>
#include <thread>

namespace app {

/// Does the erasures that were approved, one after the other, within a second of the approval: the
/// windows forget the person, the journal is rewritten up to there, and then the tables are gone
/// through (docs/reference/erasure.md). Whatever breaks it off, the request stays open and is done
/// again from the start. One thread with a session of its own.
class Eraser {
public:
    struct Options {
        store::Session::Options session;
        journal::Journal& journal;  ///< Borrowed, as is `live`.
        pipeline::Live& live;
    };
    Eraser(Options options, metrics::Registry& metrics);
    ~Eraser() { stop(); }
    /// Ends after the step in work; before the journal and evaluation end.
    void stop();

private:
    void run(const std::stop_token& stop);
    base::Result<void> look(const std::stop_token& stop);
    base::Result<void> erase(const store::Erasure& erasure, const std::stop_token& stop);
    base::Result<journal::Lsn> forget(std::shared_ptr<const erase::Subjects> subjects,
                                      const std::stop_token& stop);
    base::Result<journal::Rewritten> rewrite(std::shared_ptr<const erase::Subjects> subjects,
                                             journal::Lsn below, const std::stop_token& stop);

    Options options_;
    std::unique_ptr<store::Session> session_;
    metrics::Gauge oldest_;
    metrics::Counter done_, failures_;
    std::jthread thread_;
};

}  // namespace app
