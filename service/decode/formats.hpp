#pragma once

#include "base/result.hpp"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Bytes to calls. The knowledge of each log format is data (config/formats/*.yaml, described in
/// docs/reference/formats.md); this folder reads it, and has two halves. Before the journal a Gate
/// splits a body into records, validates each whole and takes secrets out. After the journal, and
/// in replay, a Decoder makes calls of the records.
namespace decode {

/// What Sigma calls `logsource`: which policies look at a format's calls.
struct LogSource {
    std::string product, service, category;
};

/// One file of config/formats. `name` is used in messages only.
struct FormatFile {
    std::string name, text;
};

struct FormatModel;

/// One log format. Immutable; owned by its Formats, which must outlive whatever was made from it.
class Format {
public:
    [[nodiscard]] const std::string& name() const noexcept;
    [[nodiscard]] const LogSource& log_source() const noexcept;
    /// True for `auto`, which is a request to detect and never the format of a block.
    [[nodiscard]] bool is_auto() const noexcept;

    explicit Format(std::unique_ptr<const FormatModel> model);
    ~Format();
    Format(Format&&) = delete;
    [[nodiscard]] const FormatModel& model() const noexcept {
        return *model_;
    }  ///< For this folder.

private:
    std::unique_ptr<const FormatModel> model_;
};

/// The formats of one configuration, and besides the two built-in ones: `json`, which maps nothing,
/// and `auto`, which detects once per body.
class Formats {
public:
    /// Fails with Fault::invalid, listing all problems as `file:line:column: what`, one a line.
    static base::Result<std::shared_ptr<const Formats>> load(std::span<const FormatFile> files);

    /// Nothing when there is none of that name.
    [[nodiscard]] const Format* find(std::string_view name) const;
    /// In alphabetical order.
    [[nodiscard]] std::vector<std::string> names() const;
    /// Those that `auto` tries, in alphabetical order.
    [[nodiscard]] const std::vector<const Format*>& detectable() const noexcept {
        return detectable_;
    }

private:
    std::map<std::string, std::unique_ptr<Format>, std::less<>> by_name_;
    std::vector<const Format*> detectable_;
};

}  // namespace decode
