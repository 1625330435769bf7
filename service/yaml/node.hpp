#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace yaml {

/// A place in a file, as editors count: both from 1; 0 when there is none.
struct Mark {
    unsigned line = 0;
    unsigned column = 0;
};

struct Entry;

/// One node of a document: an immutable value, cheap to copy, safe to share between threads.
///
/// The tree is ours and not the library's: it has no aliases to walk in circles, no `operator[]`
/// that inserts, no assignment that rebinds. Scalars are typed by the YAML 1.2 core schema: `yes`,
/// `on` and `12:30` are text, `017` is seventeen.
class Node {
public:
    enum class Kind : std::uint8_t { null, scalar, sequence, map };

    /// A null without a place.
    Node();

    [[nodiscard]] Kind kind() const noexcept;
    [[nodiscard]] bool is_null() const noexcept { return kind() == Kind::null; }
    [[nodiscard]] bool is_scalar() const noexcept { return kind() == Kind::scalar; }
    [[nodiscard]] bool is_sequence() const noexcept { return kind() == Kind::sequence; }
    [[nodiscard]] bool is_map() const noexcept { return kind() == Kind::map; }
    [[nodiscard]] Mark mark() const noexcept;

    /// A scalar's text after YAML's own quotes and escapes; empty for every other kind.
    [[nodiscard]] const std::string& text() const noexcept;
    /// True for a scalar in quotes or a block scalar, which is text whatever it looks like.
    [[nodiscard]] bool quoted() const noexcept;
    /// The value of a plain scalar that the core schema reads as such, else nothing.
    [[nodiscard]] std::optional<bool> as_bool() const noexcept;
    [[nodiscard]] std::optional<std::int64_t> as_int() const noexcept;
    /// Also numbers above INT64_MAX.
    [[nodiscard]] std::optional<std::uint64_t> as_unsigned() const noexcept;
    /// Finite numbers only, integers included.
    [[nodiscard]] std::optional<double> as_double() const noexcept;
    /// True for a plain scalar that is an integer in the core schema, whether or not it fits 64
    /// bits.
    [[nodiscard]] bool looks_integer() const noexcept;
    /// A scalar that is neither boolean nor number.
    [[nodiscard]] bool is_text() const noexcept;

    /// The elements of a sequence, else nothing.
    [[nodiscard]] std::span<const Node> items() const noexcept;
    /// The entries of a map in the order written, else nothing. Keys are unique.
    [[nodiscard]] std::span<const Entry> entries() const noexcept;
    /// The value of a key, or null when this is no map or has no such key. Lent by this node.
    [[nodiscard]] const Node* find(std::string_view key) const noexcept;

private:
    friend class Builder;
    struct Data;
    explicit Node(std::shared_ptr<const Data> data) noexcept;
    std::shared_ptr<const Data> data_;  // never null
};

/// One `key: value` of a map. Keys are always text.
struct Entry {
    std::string key;
    Mark key_mark;
    Node value;
};

}  // namespace yaml
