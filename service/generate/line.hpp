#pragma once

#include "generate/actors.hpp"
#include "generate/random.hpp"

#include <span>
#include <string>
#include <string_view>

namespace generate {

/// Builds JSON by appending: `name` and texts must need no escaping, which holds for all our own.
class Line {
public:
    explicit Line(std::string& out) : out_(out) { out_.clear(); }

    Line& open(std::string_view name = {});
    Line& close();
    Line& text(std::string_view name, std::string_view value);
    /// A text that is left out when it is empty.
    Line& known(std::string_view name, std::string_view value);
    Line& number(std::string_view name, std::uint64_t value);
    Line& flag(std::string_view name, bool value);
    Line& texts(std::string_view name, std::span<const std::string> values);
    /// The same, left out when it is empty.
    Line& known(std::string_view name, std::span<const std::string> values);

private:
    void key(std::string_view name);
    std::string& out_;
};

/// The call as a record of the native format.
void write_line(std::string& out, const Call& call, Random& random);

}  // namespace generate
