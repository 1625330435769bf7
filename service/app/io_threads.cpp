#include "app/io_threads.hpp"

#include "base/log.hpp"
#include "base/thread.hpp"

#include <exception>

namespace app {
namespace {

/// A handler that throws must not end the process: its connection is gone, the others go on.
void run(boost::asio::io_context& context) {
    while (true) {
        try {
            context.run();
            return;
        } catch (const std::exception& error) {
            base::log::error("http.handler_threw", {{"what", error.what()}});
        }
    }
}

}  // namespace

IoThreads::IoThreads(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
        contexts_.push_back(std::make_unique<boost::asio::io_context>(1));
        guards_.push_back(boost::asio::make_work_guard(*contexts_.back()));
    }
    for (auto& context : contexts_) {
        threads_.emplace_back([&context = *context] {
            base::name_thread("http");
            run(context);
        });
    }
}

std::vector<boost::asio::io_context*> IoThreads::contexts() const {
    std::vector<boost::asio::io_context*> out;
    for (const auto& context : contexts_) out.push_back(context.get());
    return out;
}

void IoThreads::stop() {
    guards_.clear();
    for (auto& context : contexts_) context->stop();
    threads_.clear();  // joins
}

}  // namespace app
