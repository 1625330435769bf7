#include "api/database.hpp"

namespace api {

Database::Database(store::Session::Options options, unsigned threads)
    : options_(std::move(options)), pool_(threads) {}

Database::~Database() {
    stop();
}

void Database::stop() {
    pool_.join();
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
    return store::Session::open(options_);
}

void Database::give_back(std::unique_ptr<store::Session> session, bool healthy) {
    // After a failure the connection may be gone: the next request opens a fresh one.
    if (!healthy) return;
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(session));
}

}  // namespace api
