#pragma once

#include <chrono>
#include <filesystem>
#include <stop_token>
#include <vector>

namespace app {

/// How a command on this machine tells the running server that the database changed: a local socket
/// in the data folder, for those who may read that folder. The command waits until the server has
/// looked, so that what it did is in force when it returns; the server looks every second anyway,
/// for commands that run elsewhere.
///
/// Thread-safe for one who waits and answers.
class Doorbell {
public:
    /// Takes the place of one that an earlier server left. One that cannot be hung is logged, and
    /// never rings.
    explicit Doorbell(const std::filesystem::path& data_dir);
    ~Doorbell();
    Doorbell(const Doorbell&) = delete;
    Doorbell& operator=(const Doorbell&) = delete;

    /// Returns when somebody rings, at the end of the time, or when asked to stop.
    void wait(const std::stop_token& stop, std::chrono::milliseconds at_most);
    /// To those who rang before `wait` returned: we have looked, or could not.
    void answer(bool looked);

private:
    static constexpr std::size_t max_waiting = 16;

    void take();

    std::filesystem::path path_;
    int listening_ = -1;
    int stopping_ = -1;  // an eventfd, or no wait could be ended
    std::vector<int> rang_;
};

/// Rings at the server of this data folder and waits for its answer, 3 s at most. False when there
/// is none, or it could not look.
bool ring(const std::filesystem::path& data_dir);

}  // namespace app
