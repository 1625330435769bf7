// Values and texts: the first line is a value, the rest a text that is to be nowhere named by it
// afterwards. links: erase
#include "base/assert.hpp"
#include "erase/subjects.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto line = std::min(input.find('\n'), input.size());
    const auto subject = erase::Subject::make(std::string(input.substr(0, line)), "erased-x");
    if (!subject) return 0;
    std::string text(input.substr(std::min(line + 1, input.size())));
    const bool there = subject->in(text);
    const auto before = text.size();
    const auto count = subject->replace(text);
    BASE_ASSERT((count > 0) == there);
    BASE_ASSERT(count > 0 || text.size() == before);
    BASE_ASSERT(!subject->in(text));
    std::string value = subject->value();
    BASE_ASSERT(subject->replace(value) == 1 && value == subject->pseudonym());
    return 0;
}
