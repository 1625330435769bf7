#pragma once

#include "base/result.hpp"
#include "yaml/node.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

/// Typed look-ups in a YAML map, by dotted key, that collect every problem instead of stopping at
/// the first, and know which keys nobody asked for. Environment variables stand above the file:
/// CALLERPRINT_SERVER__LISTEN is server.listen.
class Settings {
public:
    using Environment = std::function<std::optional<std::string>(const std::string&)>;

    /// Fails with Fault::invalid when the text is no YAML map.
    static base::Result<Settings> parse(const std::filesystem::path& file, std::string_view text,
                                        Environment environment);

    std::string text(const std::string& key, std::string fallback);
    bool flag(const std::string& key, bool fallback);
    std::string choice(const std::string& key, std::string fallback,
                       std::initializer_list<std::string_view> known);
    std::uint64_t count(const std::string& key, std::uint64_t fallback, std::uint64_t least,
                        std::uint64_t most);
    /// "64MB", "4GB", "65536": powers of 1024.
    std::uint64_t bytes(const std::string& key, std::uint64_t fallback, std::uint64_t least,
                        std::uint64_t most);
    /// "200ms", "5s", "10m", "24h", "30d".
    std::chrono::microseconds duration(const std::string& key, std::chrono::microseconds fallback,
                                       std::chrono::microseconds least,
                                       std::chrono::microseconds most);
    /// "30d"; 1 to 3650.
    std::chrono::days whole_days(const std::string& key, std::chrono::days fallback);
    /// Relative paths are taken from the file's folder.
    std::filesystem::path path(const std::string& key, const std::filesystem::path& fallback);
    std::vector<std::filesystem::path> paths(const std::string& key,
                                             std::vector<std::string> fallback);
    std::vector<std::string> texts(const std::string& key, std::vector<std::string> fallback);
    /// The maps of a list, each to be read and finished like this one.
    std::vector<Settings> items(const std::string& key);

    /// Notes a problem at the key's place, or at the top when the key is not in the file.
    void problem(const std::string& key, std::string_view what);
    /// Every key that was not asked for becomes a problem.
    void finish();
    /// All problems so far, one a line; empty when there is none.
    [[nodiscard]] std::string problems() const;

private:
    struct Shared;
    Settings(std::shared_ptr<Shared> shared, yaml::Node node, bool top);
    const yaml::Node* find(const std::string& key);
    std::optional<std::string> scalar(const std::string& key);
    void find_unknown(const yaml::Node& map, const std::string& prefix);

    std::shared_ptr<Shared> shared_;
    yaml::Node node_;
    bool top_;
    std::vector<std::string> asked_;
};

}  // namespace app
