#include "app/feeder.hpp"

#include <algorithm>
#include <utility>

namespace app {
namespace {

constexpr std::size_t wrapped_bytes =
    256 << 20;  // of a file that is one wrapped body, after decompression

}  // namespace

Feeder::Feeder(const decode::Formats& formats, const decode::Format& format, Give give,
               Refuse refuse)
    : formats_(formats),
      format_(&format),
      gate_(formats, std::string(32, 'g')),
      give_(std::move(give)),
      refuse_(std::move(refuse)) {}

base::Result<void> Feeder::feed(const std::string& path) {
    auto input = Input::open(path);
    if (!input) return std::unexpected(input.error());
    auto lines = input->lines();
    if (!lines) return std::unexpected(lines.error());
    first_record_ = 0;
    const auto* direct = line_format(*lines);
    if (!direct) return feed_wrapped(std::string(*lines), *input);
    while (!lines->empty()) {
        give(*direct, *lines);
        lines = input->lines();
        if (!lines) return std::unexpected(lines.error());
    }
    return {};
}

/// The format to read lines with, or null when the first line is no record on its own.
const decode::Format* Feeder::line_format(std::string_view lines) {
    if (format_->name() == "json") return format_;
    const auto first = lines.substr(0, lines.find('\n'));
    const auto accepted =
        gate_.accept(first, decode::BodyKind::automatic, *format_, history_arrival);
    if (!accepted || accepted->records != 1 ||
        accepted->lines.substr(0, accepted->lines.size() - 1) != first) {
        return nullptr;
    }
    return formats_.find(accepted->format);
}

void Feeder::give(const decode::Format& format, std::string_view lines) {
    give_(format, lines, first_record_);
    first_record_ += static_cast<std::uint32_t>(std::count(lines.begin(), lines.end(), '\n'));
}

base::Result<void> Feeder::feed_wrapped(std::string body, Input& input) {
    auto rest = input.rest(wrapped_bytes);
    if (!rest) return std::unexpected(rest.error());
    body += *rest;
    if (body.empty()) return {};
    const auto accepted =
        gate_.accept(body, decode::BodyKind::automatic, *format_, history_arrival);
    if (!accepted) {
        refuse_(0, accepted.error().reason);
        return {};
    }
    for (const auto& reject : accepted->rejects) refuse_(reject.line, name(reject.code));
    if (const auto* format = formats_.find(accepted->format); format && accepted->records > 0) {
        give(*format, accepted->lines);
    }
    return {};
}

}  // namespace app
