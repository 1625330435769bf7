#pragma once

#include "base/result.hpp"
#include "call/address.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A person's data is taken out of what is kept: where it stands in texts, and what comes in its
/// place. Who asks for it, in which order it goes and what stays: docs/reference/erasure.md.
namespace erase {

/// A text that names the person, and its pseudonym.
///
/// A name is found where no letter, digit, `_`, `-`, `@` or byte of another script touches it, nor
/// a dot that joins it to one: `bob` is not in `bob-2` or `bob@x.example`, and is in
/// `user/bob:session`. It is also found with JSON's escapes in it and percent-encoded. An address
/// is found where it is whole; one of version 6 in any of its spellings.
class Subject {
public:
    static constexpr std::size_t fewest_bytes = 3;  ///< What is shorter is in too many texts.
    static constexpr std::size_t most_bytes = 256;

    /// `pseudonym` may be any text of letters, digits and `-`; an address becomes 0.0.0.0 or ::
    /// instead and a number 0, so that what reads addresses and numbers still can. Fault::invalid
    /// for a value that is too short, too long, no UTF-8, or has control characters or blanks
    /// around it.
    static base::Result<Subject> make(std::string value, std::string pseudonym);

    /// Puts the pseudonym in place of each occurrence; their number. None is in the text then.
    std::size_t replace(std::string& text) const;
    [[nodiscard]] bool in(std::string_view text) const { return find(text, 0).has_value(); }

    /// Every text it occurs in has one of these in it, when compared without regard to ASCII case
    /// if `any_case`; a cheap look ahead of `replace`.
    [[nodiscard]] const std::vector<std::string>& needles() const noexcept { return needles_; }
    [[nodiscard]] bool any_case() const noexcept { return address_ && address_->v6; }

    [[nodiscard]] const std::string& value() const noexcept { return value_; }
    [[nodiscard]] const std::string& pseudonym() const noexcept { return pseudonym_; }

private:
    struct Place {
        std::size_t at = 0;
        std::size_t size = 0;
    };
    Subject() = default;
    std::size_t replace_once(std::string& text) const;
    [[nodiscard]] std::optional<Place> find(std::string_view text, std::size_t from) const;
    [[nodiscard]] std::optional<Place> find_name(std::string_view text, std::size_t from) const;
    [[nodiscard]] std::optional<Place> find_escaped(std::string_view text, std::size_t from) const;
    [[nodiscard]] std::optional<Place> find_long_address(std::string_view text,
                                                         std::size_t from) const;
    [[nodiscard]] static std::optional<Place> find_spelling(std::string_view spelling,
                                                            std::string_view text, std::size_t from,
                                                            bool (*is_part)(char32_t) noexcept);

    std::string value_;
    std::vector<std::string> encoded_;  // percent-encoded, where that differs
    std::string pseudonym_;
    std::vector<std::string> needles_;
    std::optional<call::Address> address_;
};

/// All texts that name one person.
class Subjects {
public:
    static constexpr std::size_t most = 16;

    /// Fault::invalid for none, more than `most`, one that is none (Subject::make), or one that is
    /// there twice. Pseudonyms are "erased-" and `label`, with a number behind it from the second
    /// on. The longest is replaced first: one may be a part of another.
    static base::Result<Subjects> make(const std::vector<std::string>& values,
                                       std::string_view label);

    /// Puts pseudonyms in place of all occurrences; their number.
    std::size_t replace(std::string& text) const;
    [[nodiscard]] bool in(std::string_view text) const;
    [[nodiscard]] const std::vector<Subject>& all() const noexcept { return all_; }

private:
    std::vector<Subject> all_;
};

}  // namespace erase
