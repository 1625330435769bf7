#pragma once

#include "base/result.hpp"
#include "http/run_on.hpp"
#include "metrics/registry.hpp"
#include "store/session.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <type_traits>
#include <vector>

namespace api {

/// Sessions for requests: blocking statements run on a small pool, and the awaiting connection's
/// thread stays free. A bounded number of requests waits; and questions give way to detection:
/// while that is behind, one request is answered at a time and none waits. Thread-safe.
class Database {
public:
    struct Options {
        store::Session::Options session;
        unsigned threads = 2;          ///< Sessions at most, opened when first needed; 1 to 16.
        unsigned waiting = 32;         ///< Requests beside those that have a session.
        std::function<bool()> behind;  ///< Whether detection is. May be empty.
    };

    Database(Options options, metrics::Registry& metrics);
    ~Database();

    /// Runs `work(session)` on the pool and resumes on the caller's executor with what it returned,
    /// or at once with Fault::unavailable when there is no place.
    template <class Work>
    auto run(Work work) -> boost::asio::awaitable<std::invoke_result_t<Work&, store::Session&>> {
        using Answer = std::invoke_result_t<Work&, store::Session&>;
        const Place place(*this);
        if (!place.refusal().empty())
            co_return Answer(base::fail(base::Fault::unavailable, place.refusal()));
        co_return co_await http::run_on(pool_.get_executor(), [&]() -> Answer {
            auto session = take();
            if (!session) return std::unexpected(session.error());
            Answer answer = work(**session);
            give_back(std::move(*session), answer.has_value());
            return answer;
        });
    }

    /// Lets running work end, and starts no more.
    void stop();

private:
    /// One of the requests that are answered or wait, until it ends; or why it is none.
    class Place {
    public:
        explicit Place(Database& database);
        ~Place();
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        [[nodiscard]] const std::string& refusal() const noexcept { return refusal_; }

    private:
        Database& database_;
        std::string refusal_;
    };

    base::Result<std::unique_ptr<store::Session>> take();
    void give_back(std::unique_ptr<store::Session> session, bool healthy);

    Options options_;
    metrics::Counter refused_full_;
    metrics::Counter refused_behind_;
    boost::asio::thread_pool pool_;
    std::atomic<unsigned> inside_{0};
    std::mutex mutex_;
    std::vector<std::unique_ptr<store::Session>> idle_;
};

}  // namespace api
