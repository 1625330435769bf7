// Any bytes through the gate and the decoder: nothing crashes, what the gate lets through the
// decoder reads, and no record is lost between them.
#include "base/assert.hpp"
#include "decode/decoder.hpp"
#include "decode/gate.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace {

const decode::Formats& formats() {
    static const auto loaded = [] {
        std::vector<decode::FormatFile> files;
        for (const auto& entry : std::filesystem::directory_iterator(
                 std::filesystem::path(__FILE__).parent_path() / "../../config/formats")) {
            std::ostringstream text;
            text << std::ifstream(entry.path()).rdbuf();
            files.push_back({entry.path().filename().string(), text.str()});
        }
        auto made = decode::Formats::load(files);
        BASE_ASSERT(made.has_value());
        return *made;
    }();
    return *loaded;
}

std::shared_ptr<const call::Names> all_names() {
    static const auto names = [] {
        auto made = std::make_shared<call::Names>();
        for (std::size_t i = 0; i < call::field_count; ++i) made->add(static_cast<call::Field>(i));
        made->add("*");
        made->add("a.b.c");
        made->add("requestParameters.bucketName");
        return made;
    }();
    return names;
}

void check(const decode::Gate::Accepted& accepted, base::WallTime arrival) {
    const auto lines =
        static_cast<std::size_t>(std::count(accepted.lines.begin(), accepted.lines.end(), '\n'));
    BASE_ASSERT(lines == accepted.records);
    if (accepted.records == 0) return;
    decode::Decoder decoder(*formats().find(accepted.format), all_names());
    call::Batch batch(all_names());
    std::vector<decode::Reject> rejects;
    decoder.decode(accepted.lines, 0, arrival, batch, rejects);
    BASE_ASSERT(batch.size() == accepted.records);
    BASE_ASSERT(rejects.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    static decode::Gate gate(formats(), "a deployment key of fuzzing");
    static const std::vector<std::string> names = formats().names();
    const base::WallTime arrival = base::wall_time(1'750'000'000'000'000);
    const std::string_view body(reinterpret_cast<const char*>(data + 2), size - 2);
    const unsigned choice = data[0] % (names.size() + 2);
    if (choice >= names.size()) {
        const auto out = gate.accept_otlp(body, choice == names.size(), arrival);
        if (out) check(*out, arrival);
        return 0;
    }
    const auto kind = static_cast<decode::BodyKind>(data[1] % 4);
    const auto out = gate.accept(body, kind, *formats().find(names[choice]), arrival);
    if (out) check(*out, arrival);
    return 0;
}
