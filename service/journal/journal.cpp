#include "journal/journal.hpp"

#include "base/kill_point.hpp"
#include "base/log.hpp"
#include "base/thread.hpp"
#include "journal/file_system.hpp"
#include "journal/mark.hpp"
#include "journal/probe.hpp"
#include "journal/recovery.hpp"
#include "journal/writer.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace journal {
namespace {

using Steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

base::Error closing_error() {
    return {base::Fault::unavailable, "the journal is closing"};
}

base::Result<void> check(const Journal::Options& options) {
    const auto invalid = [](const char* reason) {
        return base::fail(base::Fault::invalid, std::string("journal option ") + reason);
    };
    if (options.folder.empty()) return invalid("folder is missing");
    if (options.segment_bytes < (64u << 10) || options.segment_bytes > (1u << 30))
        return invalid("segment_bytes must be 64 KB to 1 GB");
    if (options.quota_bytes < 2 * options.segment_bytes)
        return invalid("quota_bytes must hold at least two segments");
    if (options.group_delay < 0us || options.group_delay > 50ms)
        return invalid("group_delay must be 0 to 50 ms");
    if (options.mark_interval < 1ms || options.retry_interval < 1ms)
        return invalid("mark_interval and retry_interval must be at least 1 ms");
    if (options.group_bytes == 0 || options.queue_bytes == 0)
        return invalid("group_bytes and queue_bytes must not be 0");
    return {};
}

Writer::Options writer_options(const Journal::Options& options) {
    return {options.folder,        options.segment_bytes,  options.quota_bytes,
            options.retain_bytes,  options.retain_age,     options.ballast_bytes,
            options.mark_interval, options.retry_interval, options.now};
}

struct Append {
    std::vector<Encoded> blocks;
    std::size_t bytes = 0;
    Journal::Done done;
};

}  // namespace

/// The queue, and the thread that empties it into the Writer.
class Journal::Core {
public:
    Core(Options options, std::unique_ptr<File> lock, std::shared_ptr<Index> index,
         Recovered& recovered, Mark mark, Probe probe)
        : options_(std::move(options)),
          lock_file_(std::move(lock)),
          index_(std::move(index)),
          probe_(probe),
          writer_(*options_.files, writer_options(options_), index_, recovered, std::move(mark),
                  probe),
          thread_([this] { run(); }) {}

    ~Core() {
        {
            const std::lock_guard lock(mutex_);
            closing_ = true;
        }
        wake_.notify_all();
        thread_.join();
        index_->close();
        writer_.close();
    }

    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    void append(Append append) {
        std::optional<base::Error> refusal = unfit(append);
        if (!refusal) {
            const std::lock_guard lock(mutex_);
            refusal = closing_ ? std::optional(closing_error()) : too_much(append.bytes);
            if (!refusal) {
                queued_bytes_ += append.bytes;
                queue_.push_back(std::move(append));
            }
        }
        if (!refusal) return wake_.notify_one();
        probe_.refused.add();
        append.done(std::unexpected(*std::move(refusal)));
    }

    base::Result<void> accepting() const {
        const std::lock_guard lock(mutex_);
        if (closing_) return std::unexpected(closing_error());
        if (trouble_) return std::unexpected(*trouble_);
        if (queued_bytes_ >= options_.queue_bytes) return std::unexpected(queue_full());
        return {};
    }

    void trim(Lsn below) {
        {
            const std::lock_guard lock(mutex_);
            if (below <= trim_below_) return;
            trim_below_ = below;
            trim_asked_ = true;
        }
        wake_.notify_one();
    }

    void rewrite(Lsn below, Change change, RewriteDone done) {
        std::optional<base::Error> refusal;
        {
            const std::lock_guard lock(mutex_);
            if (closing_)
                refusal = closing_error();
            else if (rewrite_)
                refusal = {base::Fault::exhausted, "the journal is being rewritten already"};
            else
                rewrite_.emplace(below, std::move(change), std::move(done));
        }
        if (!refusal) return wake_.notify_one();
        done(std::unexpected(*std::move(refusal)));
    }

    Lsn trimmed() const {
        const std::lock_guard lock(mutex_);
        return trim_below_;
    }

    const std::shared_ptr<Index>& index() const noexcept { return index_; }
    const Options& options() const noexcept { return options_; }

private:
    static base::Error queue_full() {
        return {base::Fault::exhausted, "the journal's queue is full: the disk is too slow"};
    }

    std::optional<base::Error> unfit(const Append& append) const {
        if (append.blocks.empty())
            return base::Error{base::Fault::invalid, "an append needs at least one block"};
        const std::uint64_t room = options_.segment_bytes - segment_header_bytes;
        if (append.bytes + commit_frame_bytes > room)
            return base::Error{base::Fault::invalid, "a batch is larger than a journal segment"};
        return std::nullopt;
    }

    // A single append larger than the whole queue is let through when the queue is empty.
    std::optional<base::Error> too_much(std::size_t bytes) const {
        if (queue_.empty() || queued_bytes_ + bytes <= options_.queue_bytes) return std::nullopt;
        return queue_full();
    }

    void run() {
        base::name_thread("journal");
        std::vector<Append> group;
        while (wait_for_work()) {
            take_group(group);
            if (!group.empty()) write(group);
            rewrite_some();
            writer_.tick(Steady::now());
            const std::lock_guard lock(mutex_);
            trouble_ = writer_.trouble();
            needs_tick_ = !writer_.idle();
        }
        answer_rewrite(std::unexpected(closing_error()));
    }

    // One segment, so that appends wait for no more.
    void rewrite_some() {
        if (!writer_.rewriting()) {
            const std::lock_guard lock(mutex_);
            if (!rewrite_) return;
            writer_.begin_rewrite(rewrite_->below, std::move(rewrite_->change));
        }
        std::optional<base::Result<Rewritten>> outcome = writer_.rewrite_some();
        if (outcome) answer_rewrite(*std::move(outcome));
    }

    void answer_rewrite(base::Result<Rewritten> outcome) {
        RewriteDone done;
        {
            const std::lock_guard lock(mutex_);
            if (!rewrite_) return;
            done = std::move(rewrite_->done);
            rewrite_.reset();
        }
        done(std::move(outcome));
    }

    // False once closing and empty. Wakes for appends, for a trim, and now and then for a tick.
    bool wait_for_work() {
        std::unique_lock lock(mutex_);
        const auto pause = needs_tick_ ? options_.mark_interval : 1000ms;
        wake_.wait_for(lock, pause,
                       [&] { return !queue_.empty() || trim_asked_ || rewrite_ || closing_; });
        if (closing_ && queue_.empty()) return false;
        if (options_.group_delay > 0us && !queue_.empty())
            wake_.wait_for(lock, options_.group_delay,
                           [&] { return queued_bytes_ >= options_.group_bytes || closing_; });
        if (!std::exchange(trim_asked_, false)) return true;
        const Lsn below = trim_below_;
        lock.unlock();
        writer_.trim(below);
        return true;
    }

    void take_group(std::vector<Append>& group) {
        const std::lock_guard lock(mutex_);
        std::size_t bytes = 0;
        const std::uint64_t room =
            options_.segment_bytes - segment_header_bytes - commit_frame_bytes;
        while (!queue_.empty()) {
            const std::size_t next = queue_.front().bytes;
            if (bytes > 0 && (bytes + next > options_.group_bytes || bytes + next > room)) break;
            bytes += next;
            group.push_back(std::move(queue_.front()));
            queue_.pop_front();
        }
        queued_bytes_ -= bytes;
    }

    void write(std::vector<Append>& group) {
        std::vector<const Encoded*> blocks;
        for (const Append& append : group)
            for (const Encoded& block : append.blocks) blocks.push_back(&block);
        const base::Result<Lsn> first = writer_.write(blocks, Steady::now());
        if (!first) probe_.refused.add(static_cast<double>(group.size()));
        {
            const std::lock_guard lock(mutex_);
            trouble_ = writer_.trouble();  // before the answers, so that who asks again knows
        }
        BASE_KILL_POINT("journal.answers.before");
        Lsn lsn = first.value_or(0);
        for (Append& append : group) {
            if (first)
                append.done(std::exchange(lsn, lsn + append.blocks.size()));
            else
                append.done(std::unexpected(first.error()));
        }
        group.clear();
    }

    const Options options_;
    const std::unique_ptr<File> lock_file_;  // held as long as we live
    const std::shared_ptr<Index> index_;
    const Probe probe_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Append> queue_;
    std::size_t queued_bytes_ = 0;
    Lsn trim_below_ = 0;
    bool trim_asked_ = false;
    bool closing_ = false;
    bool needs_tick_ = true;
    struct Rewrite {
        Lsn below = 0;
        Change change;  // the writer's once it is begun
        RewriteDone done;
    };
    std::optional<Rewrite> rewrite_;  // until it is answered
    std::optional<base::Error> trouble_;

    Writer writer_;  // the thread's alone, until it is joined
    std::thread thread_;
};

base::Result<std::unique_ptr<Journal>> Journal::open(Options options, metrics::Registry* metrics) {
    if (auto checked = check(options); !checked) return std::unexpected(checked.error());
    if (options.files == nullptr) options.files = &operating_system();
    FileSystem& files = *options.files;
    const auto unusable = [&](const std::error_code& error) {
        return base::fail(base::Fault::unavailable,
                          "journal folder " + options.folder.string() + ": " + error.message());
    };
    if (const std::error_code error = files.make_folder(options.folder)) return unusable(error);
    Io<std::unique_ptr<File>> lock = files.open(options.folder / "lock", FileSystem::Open::create);
    if (!lock) return unusable(lock.error());
    const Io<bool> locked = (*lock)->lock();
    if (!locked) return unusable(locked.error());
    if (!*locked)
        return base::fail(base::Fault::conflict,
                          "journal folder " + options.folder.string() +
                              " is used by another process: stop it or choose another folder");
    Io<Mark> mark = Mark::open(files, options.folder / "mark");
    if (!mark) return unusable(mark.error());
    base::Result<Recovered> recovered = recover(
        files,
        {options.folder, options.segment_bytes, std::max(mark->durable(), options.known_position)});
    if (!recovered) return std::unexpected(recovered.error());
    BASE_KILL_POINT("journal.open.recovered");
    const Probe probe = metrics != nullptr ? Probe(*metrics) : Probe();
    for (const Damage& one : recovered->damage)
        probe.damaged_blocks.add(static_cast<double>(one.end - one.first));
    auto index = std::make_shared<Index>(std::move(recovered->rows), recovered->end,
                                         std::move(recovered->damage));
    return std::unique_ptr<Journal>(
        new Journal(std::make_unique<Core>(std::move(options), std::move(*lock), std::move(index),
                                           *recovered, std::move(*mark), probe)));
}

Journal::Journal(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Journal::~Journal() = default;

void Journal::append(std::vector<Encoded> blocks, Done done) {
    std::size_t bytes = 0;
    for (const Encoded& block : blocks) bytes += frame_bytes(block.payload.size());
    core_->append({std::move(blocks), bytes, std::move(done)});
}

void Journal::append(const std::vector<Block>& blocks, Done done) {
    std::vector<Encoded> encoded;
    encoded.reserve(blocks.size());
    for (const Block& block : blocks) {
        base::Result<Encoded> one = encode(block);
        if (!one) return done(std::unexpected(one.error()));
        encoded.push_back(*std::move(one));
    }
    append(std::move(encoded), std::move(done));
}

base::Result<void> Journal::accepting() const {
    return core_->accepting();
}

Reader Journal::read_from(Lsn from) const {
    return Reader(core_->index(), from);
}

base::Result<Block> Journal::at(Lsn lsn) const {
    Reader reader(core_->index(), lsn, Window::short_piece);
    base::Result<std::optional<Entry>> entry = reader.next();
    if (!entry) return std::unexpected(entry.error());
    if (!*entry || (*entry)->lsn != lsn)
        return base::fail(base::Fault::not_found,
                          "block " + std::to_string(lsn) + " is not in the journal (any more)");
    return std::move((*entry)->block);
}

Lsn Journal::first() const {
    return core_->index()->first();
}
Lsn Journal::end() const {
    return core_->index()->end();
}

bool Journal::wait_for(Lsn lsn, std::chrono::steady_clock::time_point deadline) const {
    return core_->index()->wait_for(lsn, deadline);
}

void Journal::trim(Lsn below) {
    core_->trim(below);
}

void Journal::rewrite(Lsn below, Change change, RewriteDone done) {
    core_->rewrite(below, std::move(change), std::move(done));
}

std::uint64_t Journal::backlog_bytes() const {
    return core_->index()->bytes_from(core_->trimmed());
}

std::uint64_t Journal::disk_bytes() const {
    return core_->index()->segments() * core_->options().segment_bytes;
}

std::vector<Damage> Journal::damage() const {
    return core_->index()->damage();
}

}  // namespace journal
