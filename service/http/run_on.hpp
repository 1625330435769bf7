#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace http {

/// Runs what takes long or blocks on other threads, so that the one of the awaiting connection
/// stays free, and resumes there with what `work()` returned or threw. The others end before the
/// context of the connection does.
template <class Work>
auto run_on(boost::asio::any_io_executor there, Work work)
    -> boost::asio::awaitable<std::invoke_result_t<Work&>> {
    namespace asio = boost::asio;
    const auto back = co_await asio::this_coro::executor;
    co_await asio::post(there, asio::bind_executor(there, asio::use_awaitable));
    std::optional<std::invoke_result_t<Work&>> answer;
    std::exception_ptr thrown;
    try {
        answer.emplace(work());
    } catch (...) {
        thrown = std::current_exception();
    }
    co_await asio::post(back, asio::bind_executor(back, asio::use_awaitable));
    if (thrown) std::rethrow_exception(thrown);
    co_return *std::move(answer);
}

}  // namespace http
