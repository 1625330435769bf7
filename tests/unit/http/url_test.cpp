#include "http/url.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

TEST(Url, ReadsItsParts) {
    const auto url = http::parse_url("HTTPS://Example.COM.:8443/a/%20b?c=%2Fd&e");
    ASSERT_TRUE(url) << url.error().reason;
    EXPECT_TRUE(url->https);
    EXPECT_EQ(url->host, "example.com");
    EXPECT_EQ(url->port, 8443);
    EXPECT_EQ(url->target, "/a/%20b?c=%2Fd&e");
    EXPECT_EQ(url->authority(), "example.com:8443");
}

TEST(Url, FillsInPathAndPort) {
    EXPECT_EQ(http::parse_url("https://a.example")->target, "/");
    EXPECT_EQ(http::parse_url("https://a.example?q=1")->target, "/?q=1");
    EXPECT_EQ(http::parse_url("http://a.example")->port, 80);
    EXPECT_EQ(http::parse_url("https://a.example:443/")->authority(), "a.example");
}

TEST(Url, KnowsAddresses) {
    EXPECT_EQ(http::parse_url("https://192.0.2.7/")->kind, http::Url::Host::ipv4);
    const auto v6 = http::parse_url("https://[2001:DB8:0::1]:444/");
    ASSERT_TRUE(v6);
    EXPECT_EQ(v6->host, "2001:db8::1");
    EXPECT_EQ(v6->authority(), "[2001:db8::1]:444");
}

TEST(Url, RefusesWhatOthersReadDifferently) {
    for (const auto* text : {"",
                             "example.com",
                             "//example.com/",
                             "https:/example.com",
                             "https:example.com",
                             "https:///x",
                             "ftp://example.com/",
                             "httpss://example.com/",
                             "javascript:alert(1)",
                             "https://user@example.com/",
                             "https://user:p@example.com/",
                             "https://@example.com/",
                             "https://example.com/#f",
                             "https://example.com#@other.example/",
                             "https://example.com\\@other.example/",
                             "https:\\\\example.com",
                             "https://exa mple.com/",
                             "https://example.com/ x",
                             "https://example.com:0/",
                             "https://example.com:/",
                             "https://example.com:65536/",
                             "https://example.com:8a/",
                             "https://example.com:-1/",
                             "https://example.com/%0aX",
                             "https://example.com/%00",
                             "https://example.com/?%0d",
                             "https://example.com/%zz",
                             "https://127.1/",
                             "https://1/",
                             "https://0x7f.1/",
                             "https://0x7f000001/",
                             "https://017700000001/",
                             "https://0177.0.0.1/",
                             "https://1.2.3.4.5/",
                             "https://1.2.3.256/",
                             "https://01.2.3.4/",
                             "https://a.0x1/",
                             "https://[::1%25lo]/",
                             "https://[127.0.0.1]/",
                             "https://[::1/",
                             "https://[v1.x]/",
                             "https://%65xample.com/",
                             "https://exa_mple.com/",
                             "https://-a.example/",
                             "https://a..example/",
                             "https://.example/",
                             "https://a.example../",
                             "https://ex\xc3\xa4mple.com/",
                             "https://\xe2\x91\xa0.example/",
                             "https://a.example:80:80/"}) {
        EXPECT_FALSE(http::parse_url(text)) << text;
    }
    EXPECT_FALSE(http::parse_url("https://example.com/\r\nX: y"));
    EXPECT_FALSE(http::parse_url("https://example.com/" + std::string(3000, 'a')));
    EXPECT_FALSE(http::parse_url("https://" + std::string(70, 'a') + ".example/"));
}

}  // namespace
