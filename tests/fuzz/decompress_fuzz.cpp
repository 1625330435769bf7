// gzip and zstd, by the first byte: no crash, and never more than the limits allow.
// links: ingest
#include "base/assert.hpp"
#include "ingest/decompress.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string body(reinterpret_cast<const char*>(data + 1), size - 1);
    const auto coding = data[0] % 2 == 0 ? ingest::Coding::gzip : ingest::Coding::zstd;
    const ingest::DecompressLimits limits{
        .decoded_bytes = 1 << 20, .ratio = 50, .ratio_after_bytes = 4'096, .members = 4};
    const auto text = ingest::decompress(coding, body, limits);
    if (!text) return 0;
    BASE_ASSERT(text->size() <= limits.decoded_bytes);
    BASE_ASSERT(text->size() <= limits.ratio_after_bytes ||
                text->size() <= body.size() * limits.ratio);
    const auto again = ingest::decompress(coding, body, limits);
    BASE_ASSERT(again && *again == *text);
    return 0;
}
