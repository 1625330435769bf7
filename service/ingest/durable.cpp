#include "ingest/durable.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace ingest {
namespace {

using Token = const boost::asio::use_awaitable_t<>;
using Outcome = base::Result<journal::Lsn>;

// Resumes the coroutine on its own thread; the journal's goes on with the next group meanwhile.
template <class Handler>
void append(journal::Journal& journal, std::vector<journal::Encoded> blocks, Handler handler) {
    auto executor = boost::asio::get_associated_executor(handler);
    auto work = boost::asio::make_work_guard(executor);
    journal.append(std::move(blocks), [handler = std::move(handler),
                                       work = std::move(work)](Outcome outcome) mutable {
        const auto where = work.get_executor();
        boost::asio::post(
            where, [handler = std::move(handler), outcome = std::move(outcome),
                    work = std::move(work)]() mutable { std::move(handler)(std::move(outcome)); });
    });
}

}  // namespace

boost::asio::awaitable<Outcome> durable(journal::Journal& journal,
                                        std::vector<journal::Encoded> blocks) {
    auto initiate = [&journal](auto handler, std::vector<journal::Encoded> all) {
        append(journal, std::move(all), std::move(handler));
    };
    co_return co_await boost::asio::async_initiate<Token, void(Outcome)>(
        initiate, boost::asio::use_awaitable, std::move(blocks));
}

}  // namespace ingest
