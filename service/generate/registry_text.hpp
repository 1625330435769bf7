#pragma once

#include "generate/actors.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace generate {

/// Rows of a tenant and its keys. `key_text` gives a key's text by its uid; none: texts stay out.
void append_tenant(std::string& out, const Cast& cast, const Tenant& tenant,
                   const std::function<std::string(std::string_view)>& key_text = {});
/// The row of the gate of face recognition.
void append_gate(std::string& out);
void append_leaks(std::string& out, const Cast& cast);

/// What the provider's registry knows of a cast: rows for `callerprint registry import`, NDJSON.
[[nodiscard]] std::string registry_rows(const Cast& cast);

/// What was planted, NDJSON.
[[nodiscard]] std::string truth(const Cast& cast);

}  // namespace generate
