#include "ingest/decompress.hpp"

#include <gtest/gtest.h>

#include <libdeflate.h>
#include <zstd.h>

#include <memory>
#include <random>

namespace ingest {
namespace {

std::string gzip(std::string_view text) {
    libdeflate_compressor* one = libdeflate_alloc_compressor(6);
    std::string out(libdeflate_gzip_compress_bound(one, text.size()), '\0');
    out.resize(libdeflate_gzip_compress(one, text.data(), text.size(), out.data(), out.size()));
    libdeflate_free_compressor(one);
    return out;
}

std::string zstd(std::string_view text, int window_log = 0) {
    ZSTD_CCtx* one = ZSTD_createCCtx();
    if (window_log != 0) {
        ZSTD_CCtx_setParameter(one, ZSTD_c_windowLog, window_log);
        ZSTD_CCtx_setParameter(one, ZSTD_c_contentSizeFlag, 0);
    }
    ZSTD_CCtx_setParameter(one, ZSTD_c_checksumFlag, 1);
    std::string out(ZSTD_compressBound(text.size()) + 64, '\0');
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    while (ZSTD_compressStream2(one, &to, &in, ZSTD_e_end) != 0) {
    }
    out.resize(to.pos);
    ZSTD_freeCCtx(one);
    return out;
}

std::string noise(std::size_t size, std::uint64_t seed = 1) {
    std::mt19937_64 random(seed);
    std::string out(size, '\0');
    for (char& c : out) c = static_cast<char>('a' + random() % 26);
    return out;
}

DecompressFault fault(Coding coding, const std::string& body, const DecompressLimits& limits = {}) {
    const auto out = decompress(coding, body, limits);
    EXPECT_FALSE(out);
    return out ? DecompressFault{} : out.error();
}

TEST(Decompress, GivesBackWhatWasCompressed) {
    for (const std::size_t size : {1u, 100u, 70'000u, 3'000'000u}) {
        const std::string text = noise(size);
        EXPECT_EQ(decompress(Coding::gzip, gzip(text), {}).value(), text);
        EXPECT_EQ(decompress(Coding::zstd, zstd(text), {}).value(), text);
        EXPECT_EQ(decompress(Coding::identity, text, {}).value(), text);
    }
    EXPECT_EQ(decompress(Coding::gzip, gzip(""), {}).value(), "");
    EXPECT_EQ(decompress(Coding::zstd, zstd(""), {}).value(), "");
    EXPECT_EQ(decompress(Coding::gzip, "", {}).value(), "");
}

TEST(Decompress, SeveralMembersOrFramesAreOneText) {
    EXPECT_EQ(decompress(Coding::gzip, gzip("a\n") + gzip("b\n"), {}).value(), "a\nb\n");
    EXPECT_EQ(decompress(Coding::zstd, zstd("a\n") + zstd("b\n"), {}).value(), "a\nb\n");
    std::string many;
    for (int i = 0; i < 16; ++i) many += gzip("x");
    EXPECT_EQ(decompress(Coding::gzip, many, {}).value(), std::string(16, 'x'));
    EXPECT_EQ(fault(Coding::gzip, many + gzip("x")), DecompressFault::broken);
    many.clear();
    for (int i = 0; i < 17; ++i) many += zstd("x");
    EXPECT_EQ(fault(Coding::zstd, many), DecompressFault::broken);
}

TEST(Decompress, EmptyAndSkippableFramesAreBounded) {
    std::string skippable{"\x50\x2a\x4d\x18\x04\x00\x00\x00", 8};
    skippable += "skip";
    EXPECT_EQ(decompress(Coding::zstd, skippable + zstd("a"), {}).value(), "a");
    std::string many;
    for (int i = 0; i < 10'000; ++i) many += skippable;
    EXPECT_EQ(fault(Coding::zstd, many), DecompressFault::broken);
    many.clear();
    for (int i = 0; i < 10'000; ++i) many += zstd("");
    EXPECT_EQ(fault(Coding::zstd, many), DecompressFault::broken);
}

TEST(Decompress, ACutBodyIsBrokenWhereverItIsCut) {
    const std::string text = noise(5'000);
    for (const Coding coding : {Coding::gzip, Coding::zstd}) {
        const std::string whole = coding == Coding::gzip ? gzip(text) : zstd(text);
        for (std::size_t size = 1; size < whole.size(); size += 1 + size % 7)
            EXPECT_EQ(fault(coding, whole.substr(0, size)), DecompressFault::broken) << size;
    }
}

TEST(Decompress, WrongChecksumsLengthsAndTrailingBytesAreBroken) {
    std::string body = gzip("hello hello hello");
    body[body.size() - 1] = static_cast<char>(body[body.size() - 1] ^ 1);  // ISIZE
    EXPECT_EQ(fault(Coding::gzip, body), DecompressFault::broken);
    body = gzip("hello hello hello");
    body[body.size() - 6] = static_cast<char>(body[body.size() - 6] ^ 1);  // CRC-32
    EXPECT_EQ(fault(Coding::gzip, body), DecompressFault::broken);
    EXPECT_EQ(fault(Coding::gzip, gzip("a") + "garbage"), DecompressFault::broken);
    EXPECT_EQ(fault(Coding::zstd, zstd("a") + "garbage"), DecompressFault::broken);
    EXPECT_EQ(fault(Coding::gzip, "{\"a\":1}"), DecompressFault::broken);
    EXPECT_EQ(fault(Coding::zstd, gzip("a")), DecompressFault::broken);
    body = zstd(noise(1000));
    body[body.size() - 1] = static_cast<char>(body[body.size() - 1] ^ 1);
    EXPECT_EQ(fault(Coding::zstd, body), DecompressFault::broken);
}

TEST(Decompress, BombsAreTooLarge) {
    const std::string zeros(20u << 20, '\0');
    EXPECT_EQ(fault(Coding::gzip, gzip(zeros)), DecompressFault::too_large);
    EXPECT_EQ(fault(Coding::zstd, zstd(zeros)), DecompressFault::too_large);
}

TEST(Decompress, TheCapIsExact) {
    DecompressLimits limits;
    limits.decoded_bytes = 200'000;
    const std::string fits = noise(200'000);
    EXPECT_EQ(decompress(Coding::gzip, gzip(fits), limits).value(), fits);
    EXPECT_EQ(decompress(Coding::zstd, zstd(fits), limits).value(), fits);
    EXPECT_EQ(decompress(Coding::identity, fits, limits).value(), fits);
    for (const Coding coding : {Coding::gzip, Coding::zstd, Coding::identity}) {
        const std::string more = fits + "x";
        const std::string body = coding == Coding::gzip   ? gzip(more)
                                 : coding == Coding::zstd ? zstd(more)
                                                          : more;
        EXPECT_EQ(fault(coding, body, limits), DecompressFault::too_large) << static_cast<int>(coding);
    }
}

TEST(Decompress, TheRatioCountsOnlyAboveItsThreshold) {
    const std::string under(1u << 20, 'x');
    EXPECT_EQ(decompress(Coding::gzip, gzip(under), {}).value(), under);
    EXPECT_EQ(decompress(Coding::zstd, zstd(under), {}).value(), under);
    const std::string above((1u << 20) + 1, 'x');
    EXPECT_EQ(fault(Coding::gzip, gzip(above)), DecompressFault::too_large);
    EXPECT_EQ(fault(Coding::zstd, zstd(above)), DecompressFault::too_large);
}

TEST(Decompress, AWindowAboveEightMegabytesIsRefused) {
    const std::string text = noise(100'000);
    EXPECT_EQ(decompress(Coding::zstd, zstd(text, 23), {}).value(), text);
    // A frame that declares a window of 128 MB and holds one raw byte.
    const std::string wide{"\x28\xb5\x2f\xfd\x00\x88\x09\x00\x00\x61", 10};
    EXPECT_EQ(fault(Coding::zstd, wide), DecompressFault::broken);
}

TEST(Decompress, AFrameThatLiesAboutItsSizeIsBroken) {
    // Single segment, content size 1 TB, one raw byte.
    const std::string lie{"\x28\xb5\x2f\xfd\xe0\x00\x00\x00\x00\x00\x01\x00\x00\x09\x00\x00\x61",
                          17};
    EXPECT_EQ(fault(Coding::zstd, lie), DecompressFault::broken);
}

TEST(Decompress, AnyBytesEndInTextOrAFault) {
    std::mt19937_64 random(3);
    const std::string gz = gzip(noise(2'000));
    const std::string zs = zstd(noise(2'000));
    for (int i = 0; i < 4'000; ++i) {
        const Coding coding = i % 2 == 0 ? Coding::gzip : Coding::zstd;
        std::string body = i % 2 == 0 ? gz : zs;
        for (int flips = static_cast<int>(random() % 4); flips >= 0; --flips)
            body[random() % body.size()] = static_cast<char>(random());
        static_cast<void>(decompress(coding, body, {}));
    }
}

}  // namespace
}  // namespace ingest
