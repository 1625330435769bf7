#pragma once

#include "journal/file_system.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace journal::test {

enum class Op : std::uint8_t {
    read,
    write,
    sync,
    allocate,
    resize,
    open,
    rename,
    remove,
    sync_folder
};

/// One folder in memory that behaves as a disk may: what was not synced can be lost, kept or torn
/// at 512 bytes in any order when the power goes; names are volatile until the folder is synced;
/// after a failed sync the unsynced bytes are still read back, but never reach the disk.
class ModelFileSystem final : public FileSystem {
public:
    using Random = std::mt19937_64;

    explicit ModelFileSystem(std::uint64_t seed) : random_(seed) {}

    /// Called before each operation that changes something, and before reads; an error makes it
    /// fail. Must not call back, except for after_power_loss.
    std::function<std::error_code(Op, const std::string& name)> before;

    /// Bytes that the files may take together; 0: no limit. What does not fit fails with no space,
    /// and as on ext4 a part of it may have been taken by then.
    std::uint64_t capacity = 0;
    [[nodiscard]] std::uint64_t used() const;

    /// Pages (name, offset / 4096) that can never be read again.
    std::set<std::pair<std::string, std::uint64_t>> bad_pages;

    /// What a machine that lost its power now would find.
    [[nodiscard]] std::unique_ptr<ModelFileSystem> after_power_loss(std::uint64_t seed) const;

    /// All bytes as a program sees them, for tests that damage them; `put` makes them durable.
    [[nodiscard]] std::map<std::string, std::string> contents() const;
    void put(const std::string& name, std::string bytes);
    void erase(const std::string& name);
    [[nodiscard]] std::uint64_t operations() const { return operations_; }
    /// As when the process that held the locks is gone.
    void drop_locks() { locked_.clear(); }

    Io<std::unique_ptr<File>> open(const std::filesystem::path& path, Open how) override;
    std::error_code make_folder(const std::filesystem::path& folder) override;
    Io<std::vector<std::string>> list(const std::filesystem::path& folder) override;
    std::error_code rename(const std::filesystem::path& from,
                           const std::filesystem::path& to) override;
    std::error_code remove(const std::filesystem::path& path) override;
    std::error_code sync_folder(const std::filesystem::path& folder) override;
    Io<std::uint64_t> free_bytes(const std::filesystem::path& folder) override;

private:
    friend class ModelFile;
    static constexpr std::size_t sector = 512;

    struct Node {
        std::string durable;
        std::string seen;  // what reads return
        /// Sectors written since the last sync, with every content they had meanwhile.
        std::map<std::size_t, std::vector<std::string>> dirty;
    };
    using Names = std::map<std::string, std::shared_ptr<Node>>;
    struct Change {
        std::string from, to;  // rename; `to` empty: remove; `from` empty: create `to` as `node`
        std::shared_ptr<Node> node;
    };

    std::error_code begin(Op op, const std::string& name);
    std::error_code grow(Node& node, std::size_t bytes);
    [[nodiscard]] std::uint64_t total() const;
    static void note(Node& node, std::size_t from, std::size_t to);
    static void apply(Names& names, const Change& change);

    mutable std::mutex mutex_;
    mutable Random random_;
    std::uint64_t operations_ = 0;
    Names durable_names_;
    Names names_;
    std::vector<Change> pending_;  // names changed since the folder was synced, in order
    std::set<const Node*> locked_;
};

}  // namespace journal::test
