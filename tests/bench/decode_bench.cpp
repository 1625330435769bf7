// What decoding costs beside simdjson's DOM parse of the same bytes with 12 look-ups, in one run.
#include "call/batch.hpp"
#include "decode/decoder.hpp"
#include "decode/gate.hpp"
#include "decode/scrubber.hpp"
#include "enrich/enricher.hpp"
#include "generate/cloudtrail.hpp"
#include "origin/fingerprinter.hpp"
#include "policy/set.hpp"
#include "registry/list.hpp"

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <ranges>
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

void bench_scrub(benchmark::State& state) {
    decode::Scrubber scrubber(scrub_key);
    std::string out;
    for (auto _ : state) {
        out.clear();
        benchmark::DoNotOptimize(scrubber.scrub(trail_lines(), out));
    }
    const auto records = static_cast<double>(records_of(trail_lines()));
    state.counters["records"] = benchmark::Counter(
        records, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(bench_scrub)->Name("scrub_clean_text")->Unit(benchmark::kMicrosecond);

/// Records of the generator that replay is measured with.
const std::string& generated_lines() {
    static const std::string lines = [] {
        auto trail = generate::CloudTrail::make(
            {.seed = 7, .calls = 20'000, .keys = 100'000, .addresses = 200'000});
        std::string out;
        std::string line;
        while ((*trail)->next(line)) {
            out += line;
            out += '\n';
        }
        return out;
    }();
    return lines;
}

/// The same records with keys that no other record has, so that nothing learnt from one helps with
/// the next: what prediction must not cost.
const std::string& shapeless_lines() {
    static const std::string lines = [] {
        std::string out;
        unsigned mixed = 1;
        for (const auto line : std::views::split(std::string_view(generated_lines()), '\n')) {
            std::string_view rest(line.begin(), line.end());
            for (std::size_t at = rest.find("\":"); at != std::string_view::npos;
                 at = rest.find("\":")) {
                out += rest.substr(0, at);
                mixed = mixed * 1664525u + 1013904223u;
                if (mixed >> 30 == 0 && !out.ends_with("eventTime"))
                    out += std::to_string(mixed % 1000);
                out += "\":";
                rest.remove_prefix(at + 2);
            }
            out += rest;
            if (!line.empty()) out += '\n';
        }
        return out;
    }();
    return lines;
}

/// The same records with an escape in every user agent.
const std::string& escaped_lines() {
    static const std::string lines = [] {
        std::string out;
        std::string_view rest = generated_lines();
        constexpr std::string_view before = R"("userAgent":")";
        for (std::size_t at = rest.find(before); at != std::string_view::npos;
             at = rest.find(before)) {
            out += rest.substr(0, at + before.size());
            out += R"(\"\/)";
            rest.remove_prefix(at + before.size());
        }
        out += rest;
        return out;
    }();
    return lines;
}

/// What the replay of the shipped policies wants.
std::shared_ptr<const call::Names> wanted_by_replay() {
    static const auto names = [] {
        std::vector<policy::File> files;
        policy::Lists lists;
        for (const auto& entry :
             std::filesystem::recursive_directory_iterator(CALLERPRINT_ROOT "/config")) {
            std::ostringstream text;
            text << std::ifstream(entry.path()).rdbuf();
            const auto& path = entry.path();
            if (path.string().contains("/policies/") && path.extension() == ".yaml")
                files.push_back({path.string(), text.str()});
            if (path.string().contains("/lists/") && path.extension() == ".txt")
                lists[path.stem().string()] = registry::parse_list(path.string(), text.str())
                                                  .value_or(std::vector<std::string>{});
        }
        const auto set = policy::Set::load(files, lists);
        if (!set) std::abort();
        auto made = std::make_shared<call::Names>();
        (*set)->want(*made);
        origin::Fingerprinter::want(*made);
        enrich::Enricher::want(*made, nullptr);
        return std::shared_ptr<const call::Names>(made);
    }();
    return names;
}

double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// Calls `function` with a megabyte of whole lines at a time.
template <class Function>
void each_block(std::string_view lines, Function&& function) {
    while (!lines.empty()) {
        const auto end = lines.size() <= (1 << 20) ? lines.size() : lines.rfind('\n', 1 << 20) + 1;
        function(lines.substr(0, end));
        lines.remove_prefix(end);
    }
}

/// The floor and ours in turns, so that a noisy machine is equally noisy to both; best of all
/// rounds.
template <class Ours>
void against_dom(benchmark::State& state, const std::string& lines, Ours&& ours) {
    const simdjson::padded_string padded(lines);
    simdjson::dom::parser parser;
    parser.threaded = false;
    double dom_best = 1e9;
    double ours_best = 1e9;
    for (auto _ : state) {
        const double start = cpu_seconds();
        benchmark::DoNotOptimize(dom(parser, padded));
        const double middle = cpu_seconds();
        each_block(lines, ours);
        ours_best = std::min(ours_best, cpu_seconds() - middle);
        dom_best = std::min(dom_best, middle - start);
    }
    const auto records = static_cast<double>(records_of(lines));
    state.counters["dom_ns"] = dom_best / records * 1e9;
    state.counters["ours_ns"] = ours_best / records * 1e9;
    state.counters["ours/dom"] = ours_best / dom_best;
}

void bench_decoder(benchmark::State& state, const std::string& lines,
                   std::shared_ptr<const call::Names> names, bool ungated) {
    decode::Decoder decoder(*formats().find("aws-cloudtrail"), names,
                            {.limits = {}, .ungated = ungated});
    call::Batch batch(names);
    std::vector<decode::Reject> rejects;
    against_dom(state, lines, [&](std::string_view block) {
        batch.clear();
        rejects.clear();
        decoder.decode(block, 0, arrival, batch, rejects);
        benchmark::DoNotOptimize(batch.size());
    });
}

void bench_gate(benchmark::State& state, const std::string& lines) {
    decode::Gate gate(formats(), scrub_key);
    against_dom(state, lines, [&](std::string_view block) {
        const auto out = gate.accept(block, decode::BodyKind::ndjson,
                                     *formats().find("aws-cloudtrail"), arrival);
        benchmark::DoNotOptimize(out->records);
    });
}

BENCHMARK_CAPTURE(bench_decoder, replay, generated_lines(), wanted_by_replay(), true)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(bench_decoder, replay_gated, generated_lines(), wanted_by_replay(), false)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(bench_decoder, replay_escaped, escaped_lines(), wanted_by_replay(), true)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(bench_decoder, replay_shapeless, shapeless_lines(), wanted_by_replay(), true)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(bench_decoder, trail_25_names, trail_lines(), wanted(), false)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(bench_gate, generated, generated_lines())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(bench_gate, escaped, escaped_lines())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(bench_gate, shapeless, shapeless_lines())->Unit(benchmark::kMillisecond);

}  // namespace
