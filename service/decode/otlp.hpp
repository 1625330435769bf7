#pragma once

#include "base/result.hpp"
#include "decode/limits.hpp"

#include <string>
#include <string_view>

namespace decode {

/// The log records of an OTLP ExportLogsServiceRequest as records of format `native`, one JSON
/// object a line: attributes under their own (dotted) names, those of the resource as
/// `resource.NAME`, an object as body (or JSON in a text body) merged in, any other body as `body`,
/// the time in nanoseconds as `time`. Attributes win over the body, both over the resource.
/// Fault::invalid when the request itself cannot be read.
[[nodiscard]] base::Result<std::string> otlp_json_lines(std::string_view request,
                                                        const Limits& limits);
[[nodiscard]] base::Result<std::string> otlp_protobuf_lines(std::string_view request);

}  // namespace decode
