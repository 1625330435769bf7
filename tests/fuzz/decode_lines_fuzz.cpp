// Any lines, read both ways: what the walk over the index takes, parser, key check and tape walk
// take too, with the same values; and decoding comes to the same calls and rejects.
// links: decode
#include "base/assert.hpp"
#include "decode/both_ways.hpp"

#include <array>

namespace {

/// The built-in format and one with spellings and steps: what is compared is how records are read.
const decode::Formats& formats() {
    static const auto loaded = [] {
        const std::vector<decode::FormatFile> files = {{"f.yaml", R"(name: f
title: Fuzzed
log_source: {product: fuzz}
lines: json
spellings: [lower, snake]
unknown: ["", "-"]
time: [time, eventTime]
nested_json: [n]
fields:
  actor.user.uid: [a.b, b]
  src_endpoint.ip: {from: a, as: address}
  activity_id: {from: other, as: {prefixes: {Get: 2, "*": 99}}}
  resources.uid: list.x
  duration: u.v.w
)"}};
        auto made = decode::Formats::load(files);
        BASE_ASSERT(made.has_value());
        return *made;
    }();
    return *loaded;
}

std::shared_ptr<const call::Names> names() {
    static const auto made = [] {
        auto all = std::make_shared<call::Names>();
        for (std::size_t i = 0; i < call::field_count; ++i) all->add(static_cast<call::Field>(i));
        for (const auto& path : decode::test::BothWays::paths()) all->add(path);
        return all;
    }();
    return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    decode::Limits limits;
    limits.max_depth = 1 + data[0] % 64;
    limits.max_keys = data[0] % 5 == 0 ? 1 + data[1] % 16 : 512;
    const std::string_view lines(reinterpret_cast<const char*>(data + 2), size - 2);
    decode::test::BothWays both(limits);
    // The first time learns, the second expects.
    for (int round = 0; round < 2; ++round) BASE_ASSERT(both.read(lines).different.empty());
    using decode::test::TogetherAndAlone;
    static std::array<TogetherAndAlone, 4> decoders = {
        TogetherAndAlone(*formats().find("f"), names(), false),
        TogetherAndAlone(*formats().find("f"), names(), true),
        TogetherAndAlone(*formats().find("json"), names(), false),
        TogetherAndAlone(*formats().find("json"), names(), true)};
    const auto arrival = base::wall_time(1'750'000'000'000'000);
    BASE_ASSERT(!decoders[data[1] % 4].different(lines, arrival));
    return 0;
}
