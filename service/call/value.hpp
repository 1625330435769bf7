#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace call {

/// One value of a call, 16 bytes. It owns nothing: text and list elements live in the Batch (or in
/// whatever lent them) and die with it.
class Value {
public:
    enum class Kind : std::uint8_t {
        absent,  ///< The name is not there: neither null nor empty.
        null,
        boolean,
        integer,      ///< Fits std::int64_t.
        big_integer,  ///< Above INT64_MAX, fits std::uint64_t.
        real,
        text,
        list,    ///< Several values found under one name, flattened: never a list in a list.
        object,  ///< There is an object; its members are reached by their own paths.
    };

    constexpr Value() noexcept : kind_(Kind::absent), size_(0), integer_(0) {}

    [[nodiscard]] static constexpr Value null() noexcept { return Value(Kind::null); }
    [[nodiscard]] static constexpr Value object() noexcept { return Value(Kind::object); }
    [[nodiscard]] static constexpr Value of(bool value) noexcept {
        Value out(Kind::boolean);
        out.integer_ = value ? 1 : 0;
        return out;
    }
    [[nodiscard]] static constexpr Value of(std::int64_t value) noexcept {
        Value out(Kind::integer);
        out.integer_ = value;
        return out;
    }
    /// An integer where it fits std::int64_t, else a big_integer.
    [[nodiscard]] static constexpr Value of(std::uint64_t value) noexcept {
        Value out(value > INT64_MAX ? Kind::big_integer : Kind::integer);
        out.integer_ = static_cast<std::int64_t>(value);
        return out;
    }
    [[nodiscard]] static constexpr Value of(double value) noexcept {
        Value out(Kind::real);
        out.real_ = value;
        return out;
    }
    /// Borrows the text, which must be shorter than 4 GiB.
    [[nodiscard]] static constexpr Value of(std::string_view text) noexcept {
        Value out(Kind::text);
        out.size_ = static_cast<std::uint32_t>(text.size());
        out.text_ = text.data();
        return out;
    }
    /// Borrows the elements, none of which may be absent or a list.
    [[nodiscard]] static constexpr Value of(std::span<const Value> elements) noexcept {
        Value out(Kind::list);
        out.size_ = static_cast<std::uint32_t>(elements.size());
        out.list_ = elements.data();
        return out;
    }
    static Value of(const char*) = delete;  // would become a bool

    [[nodiscard]] constexpr Kind kind() const noexcept { return kind_; }
    [[nodiscard]] constexpr bool absent() const noexcept { return kind_ == Kind::absent; }
    [[nodiscard]] constexpr bool is_text() const noexcept { return kind_ == Kind::text; }

    // Each of these is meaningful for its own kind only.
    [[nodiscard]] constexpr bool boolean() const noexcept { return integer_ != 0; }
    [[nodiscard]] constexpr std::int64_t integer() const noexcept { return integer_; }
    [[nodiscard]] constexpr std::uint64_t big_integer() const noexcept {
        return static_cast<std::uint64_t>(integer_);
    }
    [[nodiscard]] constexpr double real() const noexcept { return real_; }
    [[nodiscard]] constexpr std::string_view text() const noexcept { return {text_, size_}; }
    [[nodiscard]] constexpr std::span<const Value> list() const noexcept { return {list_, size_}; }

    /// The values to compare against: the elements of a list, else this value alone; empty if
    /// absent.
    [[nodiscard]] constexpr std::span<const Value> each() const noexcept {
        if (kind_ == Kind::list) return list();
        return {this, kind_ == Kind::absent ? std::size_t{0} : std::size_t{1}};
    }

    /// The text if this is one, else an empty view.
    [[nodiscard]] constexpr std::string_view text_or_empty() const noexcept {
        return kind_ == Kind::text ? text() : std::string_view{};
    }

private:
    explicit constexpr Value(Kind kind) noexcept : kind_(kind), size_(0), integer_(0) {}

    Kind kind_;
    // Bytes that are left out make clearing a row write each value in three pieces: 27 ns for 60
    // values where this takes 10.
    [[maybe_unused]] std::uint8_t none_[3] = {};
    std::uint32_t size_;
    union {
        std::int64_t integer_;
        double real_;
        const char* text_;
        const Value* list_;
    };
};

static_assert(sizeof(Value) == 16);

/// The text of a scalar as policies and group keys see it: text as it is, integers as written,
/// reals in shortest round-trip decimal (42.0 is "42"), booleans "true" or "false". False for the
/// other kinds. `scratch` holds the characters when the value is not a text.
[[nodiscard]] bool scalar_text(const Value& value, std::string& scratch, std::string_view& out);

}  // namespace call
