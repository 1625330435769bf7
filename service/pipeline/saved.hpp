#pragma once

#include "base/result.hpp"
#include "correlate/codec.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pipeline {

/// A saved state as the database keeps it: compressed parts in their order, each a row. Of what is
/// not compressed there is never more than one part in memory.
///
/// A part is "cps2", its number and how many there are (4 bytes each), the XXH3-64 of the whole
/// uncompressed state (8), all little-endian, and a Zstandard frame with a checksum.
using Parts = std::vector<std::string>;

inline constexpr std::size_t part_bytes = 1'048'576;  ///< Of a part before it is compressed.

/// Makes parts of what it is given.
class Packer {
public:
    Packer();
    ~Packer();
    Packer(const Packer&) = delete;
    Packer& operator=(const Packer&) = delete;

    void add(std::string_view bytes);
    [[nodiscard]] Parts finish() &&;  ///< At least one part.

private:
    class State;
    std::unique_ptr<State> state_;
};

/// Gives back what a Packer was given, a part at a time. Borrows the parts.
class Unpacker {
public:
    /// Fault::invalid when these are not the parts of one state, all of them, in their order.
    static base::Result<Unpacker> open(std::span<const std::string> parts);
    ~Unpacker();
    Unpacker(Unpacker&&) noexcept;
    Unpacker& operator=(Unpacker&&) noexcept;

    /// Good until the next call. Empty at the end, and when the next part is damaged.
    [[nodiscard]] std::string_view next();
    /// Fault::invalid when a part was damaged.
    [[nodiscard]] const base::Result<void>& intact() const noexcept;

private:
    class State;
    explicit Unpacker(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace pipeline
