// Header sections of requests: the gate reads them alike however their bytes arrive, what it lets
// through keeps its own rules, and Beast's reading is the same or the request is refused.
// links: http
#include "base/assert.hpp"
#include "http/head.hpp"
#include "http/parsed.hpp"
#include "http/target.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace {

void check_rules(const http::Head& head) {
    BASE_ASSERT(head.target.starts_with('/') && head.fields.size() <= 64);
    std::size_t hosts = 0;
    for (const auto& field : head.fields) {
        hosts += http::equal_ignoring_case(field.name, "host") ? 1 : 0;
        for (const char c : field.value) {
            const auto byte = static_cast<unsigned char>(c);
            BASE_ASSERT(byte == '\t' || (byte >= 0x20 && byte != 0x7f));
        }
    }
    BASE_ASSERT(hosts == 1 || (head.http_1_0 && hosts == 0));
    for (const char c : head.target) BASE_ASSERT(c > 0x20 && c < 0x7f && c != '#');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
    const http::HeadReader::Limits limits;
    http::HeadReader whole(limits);
    const auto step = whole.read(bytes);

    http::HeadReader pieces(limits);
    auto last = http::HeadReader::Step::more;
    const std::size_t piece = 1 + data[0] % 32;
    for (std::size_t end = 0; last == http::HeadReader::Step::more && end < bytes.size();) {
        end = std::min(end + piece, bytes.size());
        last = pieces.read(bytes.substr(0, end));
    }
    BASE_ASSERT(bytes.empty() || last == step);
    if (step == http::HeadReader::Step::refused) {
        BASE_ASSERT(whole.refusal() != http::Refusal::none);
        BASE_ASSERT(pieces.refusal() == whole.refusal());
        BASE_ASSERT(http::status(whole.refusal()) >= 400);
    }
    if (step != http::HeadReader::Step::done) return 0;
    BASE_ASSERT(pieces.size() == whole.size() && whole.size() <= bytes.size());
    const auto head = whole.head(bytes);
    check_rules(head);
    const auto start = static_cast<std::size_t>(head.method.data() - bytes.data());
    const auto parsed = http::Parsed::parse(bytes.substr(start, whole.size() - start), head);
    if (!parsed) return 0;
    BASE_ASSERT(parsed->head().fields.size() == head.fields.size());
    BASE_ASSERT(parsed->head().target == head.target && parsed->head().method == head.method);
    const auto question = head.target.find('?');
    if (question != std::string_view::npos)
        (void)http::parse_query(head.target.substr(question + 1));
    return 0;
}
