#pragma once

#include "call/batch.hpp"
#include "decode/decoder.hpp"
#include "decode/formats.hpp"
#include "decode/gate.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace decode::test {

inline const base::WallTime arrival = base::wall_time(1'750'000'000'000'000);  // 2025-06-15
inline constexpr std::string_view scrub_key = "a deployment key of tests";

/// The format files that are shipped.
inline const Formats& shipped() {
    static const std::shared_ptr<const Formats> formats = [] {
        std::vector<FormatFile> files;
        for (const auto& entry :
             std::filesystem::directory_iterator(CALLERPRINT_ROOT "/config/formats")) {
            std::ostringstream text;
            text << std::ifstream(entry.path()).rdbuf();
            files.push_back({entry.path().filename().string(), text.str()});
        }
        auto loaded = Formats::load(files);
        if (!loaded) {
            ADD_FAILURE() << loaded.error().reason;
            std::abort();
        }
        return *loaded;
    }();
    return *formats;
}

inline const Format& format(std::string_view name) {
    return *shipped().find(name);
}

inline Gate::Accepted accept(std::string_view body, std::string_view format_name,
                             BodyKind kind = BodyKind::automatic, Limits limits = {}) {
    Gate gate(shipped(), scrub_key, limits);
    auto out = gate.accept(body, kind, format(format_name), arrival);
    if (!out) {
        ADD_FAILURE() << out.error().reason;
        return {};
    }
    return *out;
}

inline std::string to_text(const call::Value& value) {
    std::string scratch;
    std::string_view text;
    switch (value.kind()) {
        case call::Value::Kind::absent:
            return "<absent>";
        case call::Value::Kind::null:
            return "<null>";
        case call::Value::Kind::object:
            return "<object>";
        case call::Value::Kind::list: {
            std::string out = "[";
            for (const call::Value& element : value.list()) {
                if (out.size() > 1) out += ", ";
                out += to_text(element);
            }
            return out + "]";
        }
        default:
            return call::scalar_text(value, scratch, text) ? std::string(text) : "";
    }
}

/// Calls of lines, with all their bytes.
struct Decoded {
    std::shared_ptr<const call::Names> names;
    std::string lines;
    std::unique_ptr<call::Batch> batch;
    std::vector<Reject> rejects;

    [[nodiscard]] std::string at(std::string_view name, std::size_t call = 0) const {
        return to_text((*batch)[call].at(names->find(name)));
    }
    [[nodiscard]] call::Value::Kind kind(std::string_view name, std::size_t call = 0) const {
        return (*batch)[call].at(names->find(name)).kind();
    }
    [[nodiscard]] const call::Header& header(std::size_t call = 0) const {
        return (*batch)[call].header();
    }
};

/// Decodes with every field a record can fill, and the names given besides.
inline Decoded decode(std::string lines, std::string_view format_name,
                      const std::vector<std::string>& more = {}, bool ungated = true) {
    auto names = std::make_shared<call::Names>();
    for (std::size_t i = 0; i < call::field_count; ++i) names->add(static_cast<call::Field>(i));
    for (const std::string& name : more) names->add(name);
    Decoded out{.names = names,
                .lines = std::move(lines),
                .batch = std::make_unique<call::Batch>(names),
                .rejects = {}};
    Decoder decoder(format(format_name), names, {.limits = {}, .ungated = ungated});
    decoder.decode(out.lines, 0, arrival, *out.batch, out.rejects);
    return out;
}

/// Through the gate, then decoded with the format it resolved.
inline Decoded ingest(std::string_view body, std::string_view format_name,
                      const std::vector<std::string>& more = {}) {
    auto accepted = accept(body, format_name);
    auto out = decode(accepted.lines, accepted.format, more, false);
    out.rejects.insert(out.rejects.begin(), accepted.rejects.begin(), accepted.rejects.end());
    return out;
}

}  // namespace decode::test
