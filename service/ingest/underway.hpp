#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>

namespace ingest {

/// The batches between their header and their answer, and how long one more would wait behind them:
/// the bytes that are ahead of it over the bytes that are stored a second (Little's law). When that
/// is too long, and somebody does wait, it is better refused at once, by its header, than accepted
/// late together with all others. Thread-safe.
class Underway {
public:
    using Steady = std::chrono::steady_clock;
    static constexpr std::size_t many = 8;  ///< Fewer are no crowd, however slow.
    static constexpr std::chrono::milliseconds late{500};
    /// Nothing is crowded while nobody has waited for so long since his last byte: small batches,
    /// whose time is that of a sync, say little about how quickly large ones are stored.
    static constexpr std::chrono::milliseconds waited{100};
    /// A body that has not come by then waits for its sender and is ahead of nobody.
    static constexpr std::chrono::seconds slow{1};

    /// Whether one more would wait for longer than `late`.
    [[nodiscard]] bool crowded(Steady::time_point now);

    /// One of them for as long as it lives.
    class Batch {
    public:
        /// `bytes` that its header announces; 0 when it does not say.
        Batch(Underway& underway, std::size_t bytes, Steady::time_point now);
        ~Batch();
        Batch(const Batch&) = delete;
        Batch& operator=(const Batch&) = delete;

        /// Its last byte is here.
        void arrived(std::size_t bytes, Steady::time_point now);
        /// It is stored, so that it tells how quickly that goes.
        void stored(Steady::time_point now);

    private:
        friend class Underway;
        enum class State : std::uint8_t { coming, slow, here };
        void leave();

        Underway& underway_;
        std::size_t bytes_;
        Steady::time_point since_;  // of its header, then of its last byte
        State state_ = State::coming;
        std::list<Batch*>::iterator place_;
    };

private:
    std::mutex mutex_;
    std::list<Batch*> coming_;  // the oldest first
    std::list<Batch*> here_;    // the oldest first
    std::size_t count_ = 0;     // coming or here
    std::size_t bytes_ = 0;     // of these
    Steady::time_point last_end_{};
    double stored_bytes_ = 0;    // of the last batches, and
    double stored_seconds_ = 0;  // how long it was at work on them
};

}  // namespace ingest
