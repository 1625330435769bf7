#include "lying_file_system.hpp"

namespace journal::test {

class LyingFileSystem::Opened final : public File {
public:
    Opened(LyingFileSystem& owner, std::unique_ptr<File> below, std::string name)
        : owner_(owner), below_(std::move(below)), name_(std::move(name)) {}

    std::error_code read(std::uint64_t offset, std::size_t size, std::string& out) override {
        return below_->read(offset, size, out);
    }
    std::error_code write(std::uint64_t offset, std::span<const std::string_view> pieces) override {
        note_use("written");
        const std::error_code error = below_->write(offset, pieces);
        if (owner_.lie_ == Lie::failed_write) return {};
        suspect_ = suspect_ || error;
        return error;
    }
    std::error_code sync() override {
        note_use("synced");
        if (owner_.lie_ == Lie::sync) return {};
        const std::error_code error = below_->sync();
        if (owner_.lie_ == Lie::failed_sync) return {};
        suspect_ = suspect_ || error;
        return error;
    }
    std::error_code allocate(std::uint64_t bytes) override { return below_->allocate(bytes); }
    std::error_code resize(std::uint64_t bytes) override { return below_->resize(bytes); }
    Io<std::uint64_t> size() override { return below_->size(); }
    Io<bool> lock() override { return below_->lock(); }

private:
    // The mark is a help that claims only what is durable anyway.
    void note_use(const char* how) {
        if (suspect_ && name_ != "mark")
            owner_.violations.push_back(name_ + " is " + how + " after it failed");
    }

    LyingFileSystem& owner_;
    std::unique_ptr<File> below_;
    std::string name_;
    bool suspect_ = false;
};

Io<std::unique_ptr<File>> LyingFileSystem::open(const std::filesystem::path& path, Open how) {
    Io<std::unique_ptr<File>> file = below_.open(path, how);
    if (!file) return file;
    return std::make_unique<Opened>(*this, std::move(*file), path.filename().string());
}

}  // namespace journal::test
