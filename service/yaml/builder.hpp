#pragma once

#include "yaml/node.hpp"
#include "yaml/parse.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace yaml {

/// Turns yaml-cpp's events into nodes and refuses what Limits forbid as soon as it is seen.
/// Refusing throws Problem, which parse() catches: the library's handler has no other way to stop.
class Builder final : public YAML::EventHandler {
public:
    explicit Builder(const Limits& limits) : limits_(limits) {}

    /// The document whose end was seen last.
    [[nodiscard]] Node take();
    /// Where it starts: at its `---` if it has one.
    [[nodiscard]] Mark start() const noexcept { return start_; }

    void OnDocumentStart(const YAML::Mark& mark) override;
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override;
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value style) override;
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override;
    void OnMapEnd() override { close(); }

private:
    struct Open {
        std::shared_ptr<Node::Data> data;
        YAML::anchor_t anchor = 0;
        std::size_t nodes_before = 0;
        bool expects_key = true;
        std::string key;
        Mark key_mark;
        std::unordered_set<std::string> keys;
    };
    /// A finished node and what it counts for when it is used again.
    struct Anchored {
        Node node;
        std::size_t nodes = 0;
        std::size_t depth = 0;
    };

    void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) const;
    void count(Mark mark, std::size_t nodes);
    void open(const YAML::Mark& mark, YAML::anchor_t anchor, Node::Kind kind);
    void close();
    void place(const Node& node);
    void take_key(Mark mark, const std::string& text);
    [[nodiscard]] bool key_expected() const;

    const Limits& limits_;
    std::size_t nodes_ = 0;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Anchored> anchored_;
    Node root_;
    Mark start_;
};

}  // namespace yaml
