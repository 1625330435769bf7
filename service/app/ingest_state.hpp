#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace app {

/// How many (uncompressed) bytes of a file a server has acknowledged, kept beside the user's other
/// state, so that `ingest` can be stopped and started again, and run over a file that grows.
class IngestState {
public:
    /// `folder` empty: $XDG_STATE_HOME/callerprint/ingest or ~/.local/state/callerprint/ingest.
    /// `target` is where the file is sent to. Standard input has no state.
    static IngestState open(const std::string& folder, const std::string& path,
                            const std::string& target);

    [[nodiscard]] std::uint64_t acknowledged() const noexcept { return acknowledged_; }
    /// Written at once; a state that cannot be written only costs the sending again.
    void acknowledge(std::uint64_t bytes);
    void forget() noexcept { acknowledged_ = 0; }

private:
    std::filesystem::path file_;
    std::string identity_;  // device, inode, birth: a new file under the old name starts at 0
    std::uint64_t acknowledged_ = 0;
};

}  // namespace app
