#pragma once

// What the benchmarks of the shipped policies share: the files of config/, records of a world with
// 100,000 keys and 200,000 addresses, and the floor that everything is compared to.

#include "decode/formats.hpp"
#include "generate/cloudtrail.hpp"
#include "policy/set.hpp"
#include "registry/list.hpp"

#include <simdjson.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace shipped {

inline double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

inline std::string read(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

template <class File>
std::vector<File> read_all(const char* folder, std::string_view ending) {
    std::vector<File> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().extension() == ending)
            files.push_back({entry.path().string(), read(entry.path())});
    }
    return files;
}

inline policy::Lists lists() {
    policy::Lists out;
    for (const auto& file : read_all<policy::File>(CALLERPRINT_ROOT "/config/lists", ".txt")) {
        out[std::filesystem::path(file.name).stem().string()] =
            registry::parse_list(file.name, file.text).value_or(std::vector<std::string>{});
    }
    return out;
}

inline auto policies() {
    return policy::Set::load(read_all<policy::File>(CALLERPRINT_ROOT "/config/policies", ".yaml"),
                             lists());
}

inline auto formats() {
    return decode::Formats::load(
        read_all<decode::FormatFile>(CALLERPRINT_ROOT "/config/formats", ".yaml"));
}

inline std::string records(std::uint64_t count) {
    auto trail = generate::CloudTrail::make(
        {.seed = 7, .calls = count, .keys = 100'000, .addresses = 200'000});
    std::string all;
    std::string line;
    while ((*trail)->next(line)) {
        all += line;
        all += '\n';
    }
    return all;
}

/// The front of `rest` that is whole lines of about a megabyte.
inline std::string_view next_block(std::string_view rest) {
    return rest.substr(0, rest.size() <= (1 << 20) ? rest.size() : rest.rfind('\n', 1 << 20) + 1);
}

/// The floor. The sum of lengths keeps the compiler from dropping the look-ups.
inline std::size_t parse_dom(const simdjson::padded_string& text) {
    static simdjson::dom::parser parser;
    parser.threaded = false;  // its second thread's time would be nobody's
    std::size_t sum = 0;
    simdjson::dom::document_stream stream;
    if (parser.parse_many(text, 1 << 20).get(stream)) std::abort();
    for (auto found : stream) {
        simdjson::dom::element record;
        if (found.get(record)) std::abort();
        for (const auto* name :
             {"eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent",
              "errorCode", "eventID", "requestID", "recipientAccountId"}) {
            std::string_view value;
            if (!record[name].get(value)) sum += value.size();
        }
        std::string_view value;
        if (!record["userIdentity"]["accessKeyId"].get(value)) sum += value.size();
        if (!record["userIdentity"]["type"].get(value)) sum += value.size();
    }
    return sum;
}

}  // namespace shipped
