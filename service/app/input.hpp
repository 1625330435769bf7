#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace app {

/// A file, or standard input for "-", read as whole lines; gzip and zstd are undone, told by their
/// first bytes and not by the name.
class Input {
public:
    static base::Result<Input> open(const std::string& path);
    ~Input();
    Input(Input&&) noexcept;
    Input& operator=(Input&&) noexcept;

    /// The next lines, about `wanted` bytes of them, each with its end (but perhaps the last of the
    /// file); empty at the end. Valid until the next call. A line longer than `longest` is
    /// Fault::invalid.
    base::Result<std::string_view> lines(std::size_t wanted = 1 << 20,
                                         std::size_t longest = 64 << 20);

    /// The whole rest; Fault::invalid beyond `most` bytes.
    base::Result<std::string> rest(std::size_t most);

    struct Source;  ///< Where the bytes come from; of input.cpp alone.

private:
    explicit Input(std::unique_ptr<Source> source);
    base::Result<bool> more();  // false at the end

    std::unique_ptr<Source> source_;
    std::string buffer_;
    std::size_t used_ = 0;  // bytes of buffer_ given out
    bool ended_ = false;
};

}  // namespace app
