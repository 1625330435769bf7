#pragma once

#include "http/head.hpp"

#include <expected>
#include <memory>
#include <string_view>

namespace http {

/// A header section that passed the gate, as Beast reads it; owns the bytes that its Head views.
class Parsed {
public:
    /// `section` runs from the method to the empty line, and `gated` is how the gate read it.
    /// Beast's reading must agree with it on where the request ends and on how many fields there
    /// are: what two parsers read differently is refused, whichever is right.
    static std::expected<Parsed, Refusal> parse(std::string_view section, const Head& gated);

    Parsed(Parsed&&) noexcept;
    Parsed& operator=(Parsed&&) noexcept;
    ~Parsed();

    /// Views live as long as this, wherever it is moved to.
    [[nodiscard]] const Head& head() const noexcept { return head_; }

private:
    struct Message;
    explicit Parsed(std::unique_ptr<Message> message) noexcept;

    std::unique_ptr<Message> message_;
    Head head_;
};

}  // namespace http
