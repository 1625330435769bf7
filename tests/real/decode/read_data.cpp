// Reads files through the gate and the decoder and prints what came out, one JSON object a record:
//
//     decode_read_data FORMAT FILE...     (FORMAT may be auto; files are plain, not compressed)
//
// Each line of output is {"file":...,"line":...,"call":{name: value}} or
// {"file":...,"reject":{...}}. The comparison with other readers' results is in real_data_test.py.
#include "call/batch.hpp"
#include "decode/decoder.hpp"
#include "decode/gate.hpp"

#include <boost/json.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

namespace {

namespace json = boost::json;

std::string contents(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

json::value to_json(const call::Value& value) {
    switch (value.kind()) {
        case call::Value::Kind::boolean:
            return value.boolean();
        case call::Value::Kind::integer:
            return value.integer();
        case call::Value::Kind::big_integer:
            return value.big_integer();
        case call::Value::Kind::real:
            return value.real();
        case call::Value::Kind::text:
            return json::value(value.text());
        case call::Value::Kind::list: {
            json::array out;
            for (const call::Value& element : value.list()) out.push_back(to_json(element));
            return out;
        }
        case call::Value::Kind::object:
            return json::object{};
        default:
            return nullptr;
    }
}

void print(const std::string& file, const decode::Reject& reject) {
    std::cout << json::serialize(json::object{
                     {"file", file},
                     {"reject", json::object{{"line", reject.line},
                                             {"code", std::string(decode::name(reject.code))},
                                             {"sample", reject.sample}}}})
              << '\n';
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 3) {
        std::cerr << "usage: decode_read_data FORMAT FILE...\n";
        return 64;
    }
    std::vector<decode::FormatFile> files;
    for (const auto& entry :
         std::filesystem::directory_iterator(CALLERPRINT_ROOT "/config/formats")) {
        files.push_back({entry.path().filename().string(), contents(entry.path())});
    }
    const auto formats = decode::Formats::load(files);
    if (!formats) {
        std::cerr << formats.error().reason << '\n';
        return 1;
    }
    const decode::Format* format = (*formats)->find(arguments[1]);
    if (format == nullptr) {
        std::cerr << "there is no format " << arguments[1] << '\n';
        return 64;
    }
    auto names = std::make_shared<call::Names>();
    for (std::size_t i = 0; i < call::field_count; ++i) names->add(static_cast<call::Field>(i));
    decode::Gate gate(**formats, "a deployment key of tests");
    const base::WallTime now = base::WallClock::now();
    for (int i = 2; i < count; ++i) {
        const std::string file = arguments[i];
        const auto accepted =
            gate.accept(contents(file), decode::BodyKind::automatic, *format, now);
        if (!accepted) {
            print(file, {.line = 0,
                         .code = decode::RejectCode::bad_json,
                         .sample = accepted.error().reason});
            continue;
        }
        for (const decode::Reject& reject : accepted->rejects) print(file, reject);
        if (accepted->records == 0) continue;
        decode::Decoder decoder(*(*formats)->find(accepted->format), names);
        call::Batch batch(names);
        std::vector<decode::Reject> rejects;
        decoder.decode(accepted->lines, 0, now, batch, rejects);
        for (const decode::Reject& reject : rejects) print(file, reject);
        for (std::size_t n = 0; n < batch.size(); ++n) {
            json::object call;
            call["@time"] = base::to_rfc3339(batch[n].time());
            for (call::Slot slot = 0; slot < names->size(); ++slot) {
                const call::Value& value = batch[n].at(slot);
                if (!value.absent()) call[names->name(slot)] = to_json(value);
            }
            std::cout << json::serialize(json::object{{"file", file},
                                                      {"format", accepted->format},
                                                      {"record", batch[n].header().record},
                                                      {"call", std::move(call)}})
                      << '\n';
        }
    }
    return 0;
}
