#pragma once

#include "pipeline/reference.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

/// Calls in our own format.
namespace native {

/// These policies over them; a failure, and null, when they do not load.
inline std::shared_ptr<const pipeline::Reference> reference(std::string policies,
                                                            pipeline::Purpose purpose) {
    std::ifstream in(CALLERPRINT_ROOT "/config/formats/native.yaml", std::ios::binary);
    const decode::FormatFile format{"native.yaml", {std::istreambuf_iterator<char>(in), {}}};
    const policy::File file{"p.yaml", std::move(policies)};
    const auto formats = decode::Formats::load({&format, 1});
    const auto set = policy::Set::load({&file, 1}, {});
    if (!formats || !set) {
        ADD_FAILURE() << (set ? formats.error().reason : policy::to_text(set.error().front()));
        return nullptr;
    }
    return pipeline::make_reference(*formats, *set, {}, std::string(32, 'k'), purpose);
}

}  // namespace native
