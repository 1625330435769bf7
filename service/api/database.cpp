#include "api/database.hpp"

#include <utility>

namespace api {
namespace {

metrics::Counter refused(metrics::Registry& metrics, std::string_view why) {
    return metrics.counter("callerprint_questions_refused_total",
                           "Requests that got no turn at the database.", {{"reason", why}});
}

}  // namespace

Database::Database(Options options, metrics::Registry& metrics)
    : options_(std::move(options)),
      refused_full_(refused(metrics, "full")),
      refused_behind_(refused(metrics, "behind")),
      pool_(options_.threads) {}

Database::~Database() {
    stop();
}

void Database::stop() {
    pool_.join();
}

Database::Place::Place(Database& database) : database_(database) {
    const unsigned before = database_.inside_++;
    if (before >= database_.options_.threads + database_.options_.waiting) {
        database_.refused_full_.add();
        refusal_ = "Too many questions wait for the database: ask again later";
    } else if (before > 0 && database_.options_.behind && database_.options_.behind()) {
        database_.refused_behind_.add();
        refusal_ = "Calls wait to be evaluated, so one question is answered at a time: ask again";
    }
    if (!refusal_.empty()) --database_.inside_;
}

Database::Place::~Place() {
    if (refusal_.empty()) --database_.inside_;
}

base::Result<std::unique_ptr<store::Session>> Database::take() {
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            auto session = std::move(idle_.back());
            idle_.pop_back();
            return session;
        }
    }
    return store::Session::open(options_.session);
}

void Database::give_back(std::unique_ptr<store::Session> session, bool healthy) {
    // After a failure the connection may be gone: the next request opens a fresh one.
    if (!healthy) return;
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(session));
}

}  // namespace api
