#include "ingest/workers.hpp"

#include "base/thread.hpp"
#include "http/run_on.hpp"

#include <utility>

namespace ingest {

Workers::Workers(Options options) : options_(std::move(options)), open_(context_.get_executor()) {
    for (unsigned i = 0; i < options_.threads; ++i) {
        threads_.emplace_back([this] {
            base::name_thread("ingest");
            context_.run();
        });
    }
}

boost::asio::awaitable<std::expected<Prepared, PrepareFault>> Workers::prepare(
    Batch batch, const decode::Format& format, std::function<bool()> wanted) {
    const auto turn = [&]() -> std::expected<Prepared, PrepareFault> {
        if (!wanted()) return std::unexpected(PrepareFault::unwanted);
        return work(std::move(batch), format);
    };
    if (batch.body.size() <= small_bytes) co_return turn();
    co_return co_await http::run_on(context_.get_executor(), turn);
}

void Workers::stop() {
    open_.reset();
    threads_.clear();  // joins
}

std::expected<Prepared, PrepareFault> Workers::work(Batch batch, const decode::Format& format) {
    std::unique_ptr<decode::Gate> gate = borrow_gate();
    std::expected<Prepared, PrepareFault> prepared =
        ingest::prepare(std::move(batch), *gate, format, options_.decompress);
    give_back(std::move(gate));
    return prepared;
}

std::unique_ptr<decode::Gate> Workers::borrow_gate() {
    {
        const std::lock_guard lock(mutex_);
        if (!gates_.empty()) {
            std::unique_ptr<decode::Gate> gate = std::move(gates_.back());
            gates_.pop_back();
            return gate;
        }
    }
    return std::make_unique<decode::Gate>(*options_.formats, options_.scrub_key, options_.records);
}

void Workers::give_back(std::unique_ptr<decode::Gate> gate) {
    const std::lock_guard lock(mutex_);
    gates_.push_back(std::move(gate));
}

}  // namespace ingest
