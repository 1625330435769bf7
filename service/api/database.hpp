#pragma once

#include "base/result.hpp"
#include "store/session.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace api {

/// Sessions for requests: blocking statements run on a small pool, and the awaiting connection's
/// thread stays free. Thread-safe.
class Database {
public:
    /// `threads` sessions at most, opened when first needed; 1 to 16.
    Database(store::Session::Options options, unsigned threads);
    ~Database();

    /// Runs `work(session)` on the pool and resumes on the caller's executor with what it returned.
    template <class Work>
    auto run(Work work) -> boost::asio::awaitable<std::invoke_result_t<Work&, store::Session&>> {
        namespace asio = boost::asio;
        using Answer = std::invoke_result_t<Work&, store::Session&>;
        const auto back = co_await asio::this_coro::executor;
        co_await asio::post(pool_.get_executor(),
                            asio::bind_executor(pool_.get_executor(), asio::use_awaitable));
        auto session = take();
        Answer answer = session ? work(**session) : Answer(std::unexpected(session.error()));
        if (session) give_back(std::move(*session), answer.has_value());
        co_await asio::post(back, asio::bind_executor(back, asio::use_awaitable));
        co_return answer;
    }

    /// Lets running work end, and starts no more.
    void stop();

private:
    base::Result<std::unique_ptr<store::Session>> take();
    void give_back(std::unique_ptr<store::Session> session, bool healthy);

    store::Session::Options options_;
    boost::asio::thread_pool pool_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<store::Session>> idle_;
};

}  // namespace api
