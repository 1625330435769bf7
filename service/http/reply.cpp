#include "http/reply.hpp"

#include "http/syntax.hpp"

#include <algorithm>
#include <charconv>

namespace http {
namespace {

constexpr std::size_t max_headers = 100;
constexpr unsigned max_interim = 4;

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::string_view ClientResponse::header(std::string_view name) const noexcept {
    for (const auto& [key, value] : headers) {
        if (equal_ignoring_case(key, name)) return value;
    }
    return {};
}

ReplyReader::Step ReplyReader::read(std::string_view bytes) {
    while (!in_body_) {
        const auto end = bytes.find('\n');
        const auto part = bytes.substr(0, end);
        header_bytes_ += part.size() + 1;
        if (header_bytes_ > limits_.header_bytes) return Step::broken;
        line_ += part;
        if (end == std::string_view::npos) return Step::more;
        bytes.remove_prefix(end + 1);
        if (line_.ends_with('\r')) line_.pop_back();
        if (line_.empty() && has_status_) {
            if (const auto step = head_complete(); step != Step::more) return step;
        } else if (!header_line(line_)) {
            return Step::broken;
        }
        line_.clear();
    }
    return body(bytes);
}

bool ReplyReader::header_line(std::string_view line) {
    if (!has_status_) return status_line(line);
    Field field;
    if (response_.headers.size() == max_headers || !split_field(line, field)) return false;
    response_.headers.emplace_back(field.name, field.value);
    return true;
}

bool ReplyReader::status_line(std::string_view line) {
    if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ') return false;
    const auto status = number(line.substr(9, 3));
    if (!status || *status < 100 || *status > 599) return false;
    if (line.size() > 12 && line[12] != ' ') return false;
    response_.status = static_cast<unsigned>(*status);
    has_status_ = true;
    return true;
}

ReplyReader::Step ReplyReader::head_complete() {
    if (response_.status < 200) {
        // 101 would hand the connection to another protocol, which we never asked for.
        if (response_.status == 101 || ++interim_ > max_interim) return Step::broken;
        response_ = {};
        has_status_ = false;
        return Step::more;
    }
    in_body_ = true;
    if (const auto coding = response_.header("transfer-encoding"); !coding.empty()) {
        if (!equal_ignoring_case(coding, "chunked")) {  // the status is all that we can read
            complete_ = true;
            response_.truncated = true;
            return Step::done;
        }
        chunks_.emplace();
    } else if (const auto length = response_.header("content-length"); !length.empty()) {
        left_ = number(length);
        if (!left_) return Step::broken;
    }
    const bool bodiless = response_.status == 204 || response_.status == 304 || left_ == 0;
    complete_ = bodiless;
    return bodiless ? Step::done : Step::more;
}

ReplyReader::Step ReplyReader::append(std::string_view bytes) {
    const auto room = limits_.body_bytes - response_.body.size();
    response_.body += bytes.substr(0, room);
    if (bytes.size() <= room) return Step::more;
    response_.truncated = true;
    complete_ = true;
    return Step::done;
}

ReplyReader::Step ReplyReader::body(std::string_view bytes) {
    if (complete_) return Step::done;
    if (left_) {
        const auto part = bytes.substr(
            0, static_cast<std::size_t>(std::min<std::uint64_t>(*left_, bytes.size())));
        *left_ -= part.size();
        if (append(part) == Step::done) return Step::done;
        complete_ = *left_ == 0;
        return complete_ ? Step::done : Step::more;
    }
    if (!chunks_) return append(bytes);
    while (true) {
        const auto step = chunks_->read(bytes);
        if (step == ChunkedReader::Step::more) return Step::more;
        if (step != ChunkedReader::Step::data) {
            complete_ = true;
            response_.truncated = step == ChunkedReader::Step::refused;
            return Step::done;
        }
        const auto part = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(
                                              chunks_->remaining(), bytes.size())));
        if (part.empty()) return Step::more;
        chunks_->took(part.size());
        bytes.remove_prefix(part.size());
        if (append(part) == Step::done) return Step::done;
    }
}

bool ReplyReader::finish() {
    if (!in_body_) return false;
    if (!complete_ && (left_ || chunks_)) response_.truncated = true;
    return true;
}

}  // namespace http
