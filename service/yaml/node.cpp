#include "yaml/node.hpp"

#include "yaml/node_data.hpp"
#include "yaml/scalar.hpp"

#include <utility>

namespace yaml {

Node::Node() : data_(std::make_shared<const Data>()) {}

Node::Node(std::shared_ptr<const Data> data) noexcept : data_(std::move(data)) {}

Node::Kind Node::kind() const noexcept {
    return data_->kind;
}

Mark Node::mark() const noexcept {
    return data_->mark;
}

const std::string& Node::text() const noexcept {
    return data_->text;
}

bool Node::quoted() const noexcept {
    return data_->quoted;
}

std::optional<bool> Node::as_bool() const noexcept {
    if (!is_scalar() || quoted()) return std::nullopt;
    return scalar::boolean(text());
}

std::optional<std::int64_t> Node::as_int() const noexcept {
    if (!is_scalar() || quoted()) return std::nullopt;
    return scalar::integer(text());
}

std::optional<std::uint64_t> Node::as_unsigned() const noexcept {
    if (!is_scalar() || quoted()) return std::nullopt;
    return scalar::unsigned_integer(text());
}

std::optional<double> Node::as_double() const noexcept {
    if (!is_scalar() || quoted()) return std::nullopt;
    return scalar::real(text());
}

bool Node::looks_integer() const noexcept {
    return is_scalar() && !quoted() && scalar::is_integer(text());
}

bool Node::is_text() const noexcept {
    if (!is_scalar()) return false;
    if (quoted()) return true;
    return !scalar::boolean(text()) && !scalar::is_integer(text()) && !scalar::is_real(text());
}

std::span<const Node> Node::items() const noexcept {
    return data_->items;
}

std::span<const Entry> Node::entries() const noexcept {
    return data_->entries;
}

const Node* Node::find(std::string_view key) const noexcept {
    for (const Entry& entry : data_->entries)
        if (entry.key == key) return &entry.value;
    return nullptr;
}

}  // namespace yaml
