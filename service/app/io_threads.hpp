#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <thread>
#include <vector>

namespace app {

/// io_contexts that each run on one thread of their own, so that nothing in a connection needs a
/// lock.
class IoThreads {
public:
    explicit IoThreads(unsigned count);
    ~IoThreads() { stop(); }
    IoThreads(const IoThreads&) = delete;
    IoThreads& operator=(const IoThreads&) = delete;

    [[nodiscard]] std::vector<boost::asio::io_context*> contexts() const;
    void stop();

private:
    using Guard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;
    std::vector<std::unique_ptr<boost::asio::io_context>> contexts_;
    std::vector<Guard> guards_;
    std::vector<std::jthread> threads_;
};

}  // namespace app
