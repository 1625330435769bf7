// What decoding costs beside simdjson's DOM parse of the same bytes with 12 look-ups, in one run.
#include "call/batch.hpp"
#include "decode/decoder.hpp"
#include "decode/gate.hpp"
#include "decode/scrubber.hpp"

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace {

constexpr std::string_view scrub_key = "a deployment key of benchmarks";
const base::WallTime arrival = base::wall_time(1'750'000'000'000'000);

/// Records of CloudTrail's shape, 840 bytes, as different from each other as real ones are.
const std::string& trail_lines() {
    static const std::string lines = [] {
        std::string out;
        for (unsigned i = 0; out.size() < 1024 * 1024 - 1000; ++i) {
            const unsigned mixed = i * 2654435761u;
            char room[1200];
            std::snprintf(
                room, sizeof room,
                R"({"eventVersion":"1.08","userIdentity":{"type":"IAMUser","principalId":"AIDA%08X","arn":"arn:aws:iam::%012u:user/worker-%u","accountId":"%012u","accessKeyId":"AKIA%016X","userName":"worker-%u"},"eventTime":"2025-06-%02uT%02u:%02u:%02uZ","eventSource":"s3.amazonaws.com","eventName":"%s","awsRegion":"eu-west-1","sourceIPAddress":"198.51.%u.%u","userAgent":"[aws-sdk-java/1.12.%u Linux/5.10 OpenJDK_64-Bit_Server_VM/17.0.%u]",)"
                R"("requestParameters":{"bucketName":"data-%u","key":"part/%08x/object.bin","Host":"data.s3.amazonaws.com"},"responseElements":null,"additionalEventData":{"bytesTransferredIn":0,"bytesTransferredOut":%u,"x-amz-id-2":"%08x%08x"},"requestID":"%08X%08X","eventID":"%08x-0000-4000-8000-%012x","readOnly":true,"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"%012u","eventCategory":"Data","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256"}})",
                mixed, mixed % 1000, i % 97, mixed % 1000, mixed, i % 97, 1 + i % 28, i % 24,
                i % 60, mixed % 60, i % 3 != 0 ? "GetObject" : "PutObject", mixed >> 24,
                mixed & 255, i % 50, i % 9, i % 13, mixed, mixed % 100000, mixed, i, mixed, i,
                mixed, i, mixed % 1000);
            out += room;
            out += '\n';
        }
        return out;
    }();
    return lines;
}

const decode::Formats& formats() {
    static const auto loaded = [] {
        std::vector<decode::FormatFile> files;
        for (const auto& entry :
             std::filesystem::directory_iterator(CALLERPRINT_ROOT "/config/formats")) {
            std::ostringstream text;
            text << std::ifstream(entry.path()).rdbuf();
            files.push_back({entry.path().filename().string(), text.str()});
        }
        auto made = decode::Formats::load(files);
        if (!made) std::abort();
        return *made;
    }();
    return *loaded;
}

/// What a configuration with ten policies, rollups and stored calls wants.
std::shared_ptr<const call::Names> wanted() {
    using enum call::Field;
    auto names = std::make_shared<call::Names>();
    for (const call::Field field : {tenant_uid,
                                    key_uid,
                                    user_uid,
                                    user_name,
                                    user_type,
                                    user_account_uid,
                                    src_ip,
                                    src_domain,
                                    user_agent,
                                    service,
                                    operation,
                                    activity_id,
                                    status_id,
                                    status_code,
                                    error,
                                    cloud_region,
                                    metadata_uid,
                                    http_response_bytes,
                                    http_request_bytes,
                                    tls_version,
                                    tls_cipher,
                                    resource_uid,
                                    invoked_by}) {
        names->add(field);
    }
    names->add("userIdentity.type");
    names->add("requestParameters.bucketName");
    return names;
}

std::size_t records_of(std::string_view lines) {
    return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
}

/// The floor: DOM parse_many and 12 look-ups a record.
std::size_t dom(simdjson::dom::parser& parser, const simdjson::padded_string& lines) {
    static constexpr const char* pointers[] = {
        "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress",   "userAgent",
        "requestID", "eventID",     "readOnly",  "errorCode", "recipientAccountId"};
    std::size_t found = 0;
    simdjson::dom::document_stream stream;
    if (parser.parse_many(lines, 2 * 1024 * 1024).get(stream) != simdjson::SUCCESS) return 0;
    for (auto document : stream) {
        simdjson::dom::object object;
        if (document.get(object) != simdjson::SUCCESS) continue;
        for (const char* key : pointers) {
            simdjson::dom::element value;
            found += object.at_key(key).get(value) == simdjson::SUCCESS ? 1u : 0u;
        }
        simdjson::dom::object identity;
        std::string_view key;
        if (object.at_key("userIdentity").get(identity) == simdjson::SUCCESS &&
            identity.at_key("accessKeyId").get(key) == simdjson::SUCCESS) {
            found += key.size();
        }
    }
    return found;
}

void finish(benchmark::State& state, std::string_view lines) {
    const auto records = static_cast<std::int64_t>(records_of(lines));
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * records);
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                            static_cast<std::int64_t>(lines.size()));
}

void bench_dom(benchmark::State& state) {
    const simdjson::padded_string lines(trail_lines());
    simdjson::dom::parser parser;
    parser.threaded = false;
    for (auto _ : state) benchmark::DoNotOptimize(dom(parser, lines));
    finish(state, trail_lines());
}
BENCHMARK(bench_dom)->Name("dom_parse_12_lookups")->Unit(benchmark::kMicrosecond);

void bench_decode(benchmark::State& state) {
    const auto names = wanted();
    decode::Decoder decoder(*formats().find("aws-cloudtrail"), names);
    call::Batch batch(names);
    std::vector<decode::Reject> rejects;
    for (auto _ : state) {
        batch.clear();
        decoder.decode(trail_lines(), 0, arrival, batch, rejects);
        benchmark::DoNotOptimize(batch.size());
    }
    if (!rejects.empty()) state.SkipWithError("records were refused");
    finish(state, trail_lines());
}
BENCHMARK(bench_decode)->Name("decode_cloudtrail_25_names")->Unit(benchmark::kMicrosecond);

void bench_gate(benchmark::State& state) {
    decode::Gate gate(formats(), scrub_key);
    for (auto _ : state) {
        const auto out = gate.accept(trail_lines(), decode::BodyKind::ndjson,
                                     *formats().find("aws-cloudtrail"), arrival);
        if (!out || !out->rejects.empty()) state.SkipWithError("records were refused");
    }
    finish(state, trail_lines());
}
BENCHMARK(bench_gate)->Name("gate_cloudtrail")->Unit(benchmark::kMicrosecond);

void bench_scrub(benchmark::State& state) {
    decode::Scrubber scrubber(scrub_key);
    std::string out;
    for (auto _ : state) {
        out.clear();
        benchmark::DoNotOptimize(scrubber.scrub(trail_lines(), out));
    }
    finish(state, trail_lines());
}
BENCHMARK(bench_scrub)->Name("scrub_clean_text")->Unit(benchmark::kMicrosecond);

/// Both in turns, so that a noisy machine is equally noisy to both.
void bench_ratio(benchmark::State& state) {
    using clock = std::chrono::steady_clock;
    const simdjson::padded_string padded(trail_lines());
    simdjson::dom::parser parser;
    parser.threaded = false;
    const auto names = wanted();
    decode::Decoder decoder(*formats().find("aws-cloudtrail"), names);
    call::Batch batch(names);
    std::vector<decode::Reject> rejects;
    clock::duration dom_time{};
    clock::duration decode_time{};
    for (auto _ : state) {
        const auto start = clock::now();
        benchmark::DoNotOptimize(dom(parser, padded));
        const auto middle = clock::now();
        batch.clear();
        decoder.decode(trail_lines(), 0, arrival, batch, rejects);
        decode_time += clock::now() - middle;
        dom_time += middle - start;
    }
    state.counters["decode/dom"] =
        static_cast<double>(decode_time.count()) / static_cast<double>(dom_time.count());
}
BENCHMARK(bench_ratio)->Name("decode_over_dom")->Unit(benchmark::kMicrosecond);

}  // namespace
