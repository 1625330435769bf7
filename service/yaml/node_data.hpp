#pragma once

#include "yaml/node.hpp"

#include <string>
#include <vector>

namespace yaml {

/// What a Node shares: filled by Builder, then never changed.
struct Node::Data {
    Kind kind = Kind::null;
    bool quoted = false;
    Mark mark;
    std::string text;
    std::vector<Node> items;
    std::vector<Entry> entries;
};

}  // namespace yaml
