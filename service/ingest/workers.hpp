#pragma once

#include "decode/formats.hpp"
#include "decode/gate.hpp"
#include "decode/limits.hpp"
#include "ingest/decompress.hpp"
#include "ingest/work.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ingest {

/// Where batches are prepared: large ones on threads of their own, first come first served, so that
/// the threads of the connections are free to read the small ones and to refuse. Thread-safe.
class Workers {
public:
    /// Of the body as sent; up to here the way to another thread and back costs more than the work.
    static constexpr std::size_t small_bytes = 16u << 10;

    struct Options {
        unsigned threads = 2;  ///< 1 to 64.
        std::shared_ptr<const decode::Formats> formats;
        std::string scrub_key;
        decode::Limits records;
        DecompressLimits decompress;
    };
    explicit Workers(Options options);
    ~Workers() { stop(); }
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    /// prepare() in its turn, for small ones at once; PrepareFault::unwanted when it is not wanted
    /// any more by then: `wanted` is asked once, on any thread.
    [[nodiscard]] boost::asio::awaitable<std::expected<Prepared, PrepareFault>> prepare(
        Batch batch, const decode::Format& format, std::function<bool()> wanted);

    /// Lets the work that has begun or waits end, and takes no more.
    void stop();

private:
    // Gates own a parser and are not thread-safe: one is borrowed for a batch and comes back.
    std::unique_ptr<decode::Gate> borrow_gate();
    void give_back(std::unique_ptr<decode::Gate> gate);
    std::expected<Prepared, PrepareFault> work(Batch batch, const decode::Format& format);

    Options options_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<decode::Gate>> gates_;
    boost::asio::io_context context_;
    std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> open_;
    std::vector<std::jthread> threads_;
};

}  // namespace ingest
