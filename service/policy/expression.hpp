#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace policy {

/// A truth over leaves that the owner numbers.
struct Expression {
    enum class Kind : std::uint8_t { leaf, all, any, at_least, negation };

    Kind kind = Kind::leaf;
    std::uint32_t number = 0;  ///< The leaf; of at_least how many children must hold.
    std::vector<Expression> children;

    [[nodiscard]] static Expression leaf(std::size_t which) {
        return {Kind::leaf, static_cast<std::uint32_t>(which), {}};
    }
    /// `of` with one child is the child; without children `all` holds and `any` does not.
    [[nodiscard]] static Expression of(Kind kind, std::vector<Expression> children) {
        if (children.size() == 1) return std::move(children.front());
        return {kind, 0, std::move(children)};
    }
    [[nodiscard]] static Expression negation(Expression inner) {
        Expression out{Kind::negation, 0, {}};
        out.children.push_back(std::move(inner));
        return out;
    }

    template <class Leaf>
    [[nodiscard]] bool holds(Leaf&& leaf_holds) const {
        if (kind == Kind::leaf) return leaf_holds(number);
        if (kind == Kind::negation) return !children.front().holds(leaf_holds);
        std::size_t held = 0;
        for (const Expression& child : children) held += child.holds(leaf_holds) ? 1 : 0;
        if (kind == Kind::all) return held == children.size();
        return held >= (kind == Kind::any ? 1 : number);
    }
};

}  // namespace policy
