#include "journal/model_file_system.hpp"

#include <algorithm>

namespace journal::test {

class ModelFile final : public File {
public:
    using Node = ModelFileSystem::Node;
    ModelFile(ModelFileSystem& files, std::shared_ptr<Node> node, std::string name)
        : files_(files), node_(std::move(node)), name_(std::move(name)) {}
    ~ModelFile() override {
        if (!holds_lock_) return;
        const std::lock_guard lock(files_.mutex_);
        files_.locked_.erase(node_.get());
    }

    std::error_code read(std::uint64_t offset, std::size_t size, std::string& out) override {
        const std::lock_guard lock(files_.mutex_);
        if (const std::error_code error = files_.begin(Op::read, name_)) return error;
        const auto bad = files_.bad_pages.lower_bound({name_, offset / 4096});
        if (size > 0 && bad != files_.bad_pages.end() && bad->first == name_ &&
            bad->second <= (offset + size - 1) / 4096)
            return std::make_error_code(std::errc::io_error);
        const auto at = static_cast<std::size_t>(offset);
        out = at < node_->seen.size() ? node_->seen.substr(at, size) : std::string();
        return {};
    }

    std::error_code write(std::uint64_t offset, std::span<const std::string_view> pieces) override {
        const std::lock_guard lock(files_.mutex_);
        std::string all;
        for (const std::string_view piece : pieces) all += piece;
        const auto at = static_cast<std::size_t>(offset);
        const std::error_code error = files_.begin(Op::write, name_);
        if (error)
            all.resize(files_.random_() % (all.size() + 1));  // a short write, then the error
        const std::error_code full = files_.grow(*node_, at + all.size());
        all.resize(std::min(all.size(), node_->seen.size() - std::min(at, node_->seen.size())));
        if (!all.empty()) {
            node_->seen.replace(at, all.size(), all);
            ModelFileSystem::note(*node_, at, at + all.size());
        }
        return error ? error : full;
    }

    std::error_code sync() override {
        const std::lock_guard lock(files_.mutex_);
        const std::error_code error = files_.begin(Op::sync, name_);
        if (!error) {
            node_->durable = node_->seen;
            node_->dirty.clear();
            return {};
        }
        // The pages are marked clean although only some reached the disk.
        if (node_->durable.size() < node_->seen.size()) node_->durable.resize(node_->seen.size());
        for (const auto& [index, versions] : node_->dirty) {
            if (files_.random_() % 2 == 0) continue;
            const std::size_t from = index * ModelFileSystem::sector;
            if (from < node_->durable.size())
                node_->durable.replace(from, versions.back().size(), versions.back());
        }
        node_->dirty.clear();
        return error;
    }

    std::error_code allocate(std::uint64_t bytes) override {
        const std::lock_guard lock(files_.mutex_);
        if (const std::error_code error = files_.begin(Op::allocate, name_)) return error;
        return files_.grow(*node_, static_cast<std::size_t>(bytes));
    }

    std::error_code resize(std::uint64_t bytes) override {
        const std::lock_guard lock(files_.mutex_);
        if (const std::error_code error = files_.begin(Op::resize, name_)) return error;
        const std::size_t before = node_->seen.size();
        const auto size = static_cast<std::size_t>(bytes);
        node_->seen.resize(size);
        if (size < before) {  // what is cut off reads as zeros if the file grows again
            node_->seen.resize(before);
            ModelFileSystem::note(*node_, size, before);
            node_->seen.resize(size);
        }
        return {};
    }

    Io<std::uint64_t> size() override {
        const std::lock_guard lock(files_.mutex_);
        return node_->seen.size();
    }

    Io<bool> lock() override {
        const std::lock_guard lock(files_.mutex_);
        holds_lock_ = files_.locked_.insert(node_.get()).second;
        return holds_lock_;
    }

private:
    ModelFileSystem& files_;
    std::shared_ptr<Node> node_;
    std::string name_;
    bool holds_lock_ = false;
};

std::error_code ModelFileSystem::begin(Op op, const std::string& name) {
    if (op != Op::read) ++operations_;
    return before ? before(op, name) : std::error_code();
}

// Makes a file at least this long, as far as there is room.
std::error_code ModelFileSystem::grow(Node& node, std::size_t bytes) {
    if (node.seen.size() >= bytes) return {};
    const std::uint64_t more = bytes - node.seen.size();
    const std::uint64_t free = capacity == 0 ? more : capacity - std::min(capacity, total());
    if (more <= free) {
        node.seen.resize(bytes);
        return {};
    }
    node.seen.resize(node.seen.size() + static_cast<std::size_t>(random_() % (free + 1)));
    return std::make_error_code(std::errc::no_space_on_device);
}

std::uint64_t ModelFileSystem::total() const {
    std::uint64_t bytes = 0;
    for (const auto& [name, node] : names_) bytes += node->seen.size();
    return bytes;
}

std::uint64_t ModelFileSystem::used() const {
    const std::lock_guard lock(mutex_);
    return total();
}

// Remembers the present content of the sectors that [from, to) touches.
void ModelFileSystem::note(Node& node, std::size_t from, std::size_t to) {
    for (std::size_t index = from / sector; index * sector < to; ++index) {
        std::string now = node.seen.substr(index * sector, sector);
        now.resize(sector);
        node.dirty[index].push_back(std::move(now));
    }
}

void ModelFileSystem::apply(Names& names, const Change& change) {
    if (change.from.empty()) {
        names[change.to] = change.node;
    } else if (change.to.empty()) {
        names.erase(change.from);
    } else if (const auto found = names.find(change.from); found != names.end()) {
        std::shared_ptr<Node> node = found->second;
        names.erase(found);
        names[change.to] = std::move(node);
    }
}

// Called with the lock held, from `before`.
std::unique_ptr<ModelFileSystem> ModelFileSystem::after_power_loss(std::uint64_t seed) const {
    Random random(seed);
    auto out = std::make_unique<ModelFileSystem>(seed);
    out->capacity = capacity;
    Names names = durable_names_;
    const std::size_t kept = pending_.empty() ? 0 : random() % (pending_.size() + 1);
    for (std::size_t i = 0; i < kept; ++i) apply(names, pending_[i]);
    const int mood = static_cast<int>(random() % 3);  // lose all, keep all, or mix
    for (const auto& [name, node] : names) {
        auto copy = std::make_shared<Node>();
        const bool grown = mood == 1 || (mood == 2 && random() % 2 == 0);
        copy->durable = node->durable;
        copy->durable.resize(grown ? node->seen.size() : node->durable.size());
        for (const auto& [index, versions] : node->dirty) {
            const std::size_t from = index * sector;
            const std::size_t choice = mood == 0   ? 0
                                       : mood == 1 ? versions.size()
                                                   : random() % (versions.size() + 1);
            if (choice == 0 || from >= copy->durable.size()) continue;
            const std::size_t room = std::min(sector, copy->durable.size() - from);
            copy->durable.replace(from, room, versions[choice - 1], 0, room);
        }
        copy->seen = copy->durable;
        out->names_[name] = copy;
        out->durable_names_[name] = copy;
    }
    return out;
}

std::map<std::string, std::string> ModelFileSystem::contents() const {
    const std::lock_guard lock(mutex_);
    std::map<std::string, std::string> out;
    for (const auto& [name, node] : names_) out[name] = node->seen;
    return out;
}

void ModelFileSystem::put(const std::string& name, std::string bytes) {
    const std::lock_guard lock(mutex_);
    auto node = std::make_shared<Node>();
    node->durable = node->seen = std::move(bytes);
    names_[name] = durable_names_[name] = std::move(node);
}

void ModelFileSystem::erase(const std::string& name) {
    const std::lock_guard lock(mutex_);
    names_.erase(name);
    durable_names_.erase(name);
}

Io<std::unique_ptr<File>> ModelFileSystem::open(const std::filesystem::path& path, Open how) {
    const std::lock_guard lock(mutex_);
    const std::string name = path.filename().string();
    if (const std::error_code error = begin(Op::open, name)) return std::unexpected(error);
    auto found = names_.find(name);
    if (found == names_.end()) {
        if (how == Open::existing)
            return std::unexpected(std::make_error_code(std::errc::no_such_file_or_directory));
        found = names_.emplace(name, std::make_shared<Node>()).first;
        pending_.push_back({"", name, found->second});
    }
    return std::make_unique<ModelFile>(*this, found->second, name);
}

std::error_code ModelFileSystem::make_folder(const std::filesystem::path&) {
    return {};
}

Io<std::vector<std::string>> ModelFileSystem::list(const std::filesystem::path&) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& [name, node] : names_) out.push_back(name);
    std::ranges::shuffle(out, random_);
    return out;
}

std::error_code ModelFileSystem::rename(const std::filesystem::path& from,
                                        const std::filesystem::path& to) {
    const std::lock_guard lock(mutex_);
    if (const std::error_code error = begin(Op::rename, from.filename().string())) return error;
    pending_.push_back({from.filename().string(), to.filename().string(), nullptr});
    apply(names_, pending_.back());
    return {};
}

std::error_code ModelFileSystem::remove(const std::filesystem::path& path) {
    const std::lock_guard lock(mutex_);
    if (const std::error_code error = begin(Op::remove, path.filename().string())) return error;
    pending_.push_back({path.filename().string(), "", nullptr});
    apply(names_, pending_.back());
    return {};
}

Io<std::uint64_t> ModelFileSystem::free_bytes(const std::filesystem::path&) {
    const std::lock_guard lock(mutex_);
    return capacity == 0 ? std::uint64_t{1} << 60 : capacity - std::min(capacity, total());
}

std::error_code ModelFileSystem::sync_folder(const std::filesystem::path&) {
    const std::lock_guard lock(mutex_);
    if (const std::error_code error = begin(Op::sync_folder, "")) return error;
    durable_names_ = names_;
    pending_.clear();
    return {};
}

}  // namespace journal::test
