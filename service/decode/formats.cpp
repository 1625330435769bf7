#include "decode/formats.hpp"

#include "decode/format_file.hpp"
#include "decode/format_model.hpp"

namespace decode {

const std::string& Format::name() const noexcept {
    return model_->name;
}

const LogSource& Format::log_source() const noexcept {
    return model_->log_source;
}

bool Format::is_auto() const noexcept {
    return model_->is_auto;
}

Format::Format(std::unique_ptr<const FormatModel> model) : model_(std::move(model)) {}
Format::~Format() = default;

namespace {

std::unique_ptr<FormatModel> plain_json() {
    auto out = std::make_unique<FormatModel>();
    out->name = "json";
    out->title = "Any JSON object a line";
    out->maps_nothing = true;
    out->time_may_miss = true;
    out->time = {"timestamp", "@timestamp", "time", "eventTime"};
    return out;
}

std::unique_ptr<FormatModel> detection() {
    auto out = std::make_unique<FormatModel>();
    out->name = "auto";
    out->title = "Whatever the body turns out to be";
    out->is_auto = true;
    out->time_may_miss = true;
    return out;
}

}  // namespace

base::Result<std::shared_ptr<const Formats>> Formats::load(std::span<const FormatFile> files) {
    auto out = std::make_shared<Formats>();
    std::string problems;
    const auto add = [&](std::unique_ptr<FormatModel> model) {
        const std::string name = model->name;
        return out->by_name_.try_emplace(name, std::make_unique<Format>(std::move(model))).second;
    };
    add(plain_json());
    add(detection());
    for (const FormatFile& file : files) {
        auto model = read_format(file);
        if (!model) {
            for (const std::string& problem : model.error()) {
                problems += (problems.empty() ? "" : "\n") + problem;
            }
        } else if (const std::string name = (*model)->name; !add(std::move(*model))) {
            problems += (problems.empty() ? "" : "\n") + file.name + ":1:1: there is a format `" +
                        name + "` already; give this one another name";
        }
    }
    if (!problems.empty()) return base::fail(base::Fault::invalid, std::move(problems));
    for (const auto& [name, format] : out->by_name_) {
        if (!format->model().detect.empty()) out->detectable_.push_back(format.get());
    }
    return out;
}

const Format* Formats::find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second.get();
}

std::vector<std::string> Formats::names() const {
    std::vector<std::string> out;
    for (const auto& [name, format] : by_name_) out.push_back(name);
    return out;
}

}  // namespace decode
