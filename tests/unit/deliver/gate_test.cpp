#include "deliver/gate.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using deliver::Reach;

deliver::Gate gate(deliver::Gate::Options options = {}) {
    auto made = deliver::Gate::make(options);
    EXPECT_TRUE(made);
    return *made;
}

Reach reach(std::string_view text) {
    const auto address = call::parse_address(text);
    EXPECT_TRUE(address) << text;
    return deliver::reach_of(*address);
}

TEST(Reach, KnowsPublicAddresses) {
    for (const auto* text :
         {"8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0",
          "192.0.1.0", "198.17.255.255", "223.255.255.255", "2606:4700::1111", "2a00:1450::1",
          "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"}) {
        EXPECT_EQ(reach(text), Reach::global) << text;
    }
}

TEST(Reach, KnowsInsideAddresses) {
    for (const auto* text :
         {"127.0.0.1", "127.255.255.255", "10.0.0.1", "172.16.0.0", "172.31.255.255", "192.168.9.9",
          "100.64.0.0", "100.127.255.255", "::1", "fc00::1", "fdff::1", "::ffff:10.0.0.1",
          "64:ff9b::a00:1", "2002:7f00:1::", "2002:c0a8:101::1"}) {
        EXPECT_EQ(reach(text), Reach::inside) << text;
    }
}

TEST(Reach, ForbidsWhatNobodyListensOnForStrangers) {
    for (const auto* text : {"0.0.0.0",         "0.1.2.3",
                             "169.254.169.254", "192.0.0.192",
                             "192.0.2.1",       "198.18.0.1",
                             "198.51.100.1",    "203.0.113.1",
                             "224.0.0.1",       "239.255.255.255",
                             "240.0.0.1",       "255.255.255.255",
                             "100.100.100.200", "::",
                             "::127.0.0.1",     "::8.8.8.8",
                             "fe80::1",         "febf::1",
                             "fec0::1",         "ff02::1",
                             "2001:db8::1",     "2001:10::1",
                             "3fff::1",         "100::1",
                             "64:ff9b:1::1",    "64:ff9b::a9fe:a9fe",
                             "4000::1",         "5f00::1",
                             "fd00:ec2::254",   "::ffff:169.254.1.1"}) {
        EXPECT_EQ(reach(text), Reach::forbidden) << text;
    }
}

TEST(Reach, TakesTheWorseAddressOfATeredoOne) {
    // Server 8.8.8.8; the client's address is stored inverted.
    EXPECT_EQ(reach("2001:0:808:808:0:0:f7f7:f7f7"), Reach::global);
    EXPECT_EQ(reach("2001:0:808:808:0:0:80ff:fffe"), Reach::inside);
    EXPECT_EQ(reach("2001:0:7f00:1:0:0:f7f7:f7f7"), Reach::inside);
}

TEST(Gate, LetsPublicHttpsPass) {
    for (const auto* url : {"https://example.com/hook", "https://hooks.example.co.uk:443/a?b",
                            "https://8.8.8.8/", "https://[2606:4700::1111]/"}) {
        EXPECT_TRUE(gate().check(url, false)) << url;
    }
}

TEST(Gate, RefusesTheRest) {
    for (const auto* url :
         {"http://example.com/", "https://example.com:22/", "https://example.com:8443/",
          "https://localhost/", "https://LOCALHOST./", "https://a.localhost/", "https://printer/",
          "https://a.internal/", "https://metadata.google.internal/", "https://x.home.arpa/",
          "https://10.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
          "https://2130706433/", "https://0x7f.1/", "https://[fe80::1]/",
          "https://user:p@example.com/"}) {
        EXPECT_FALSE(gate().check(url, false)) << url;
    }
    EXPECT_TRUE(gate().check("https://mylocalhost.example/", false));
    EXPECT_TRUE(gate().check("https://internal.example/", false));
}

// One address, as others write it who hope that two readers disagree.
TEST(Gate, RefusesEachWayToWriteAnInsideAddress) {
    for (const std::string host : {"127.0.0.1",
                                   "127.0.0.1.",
                                   "127.1",
                                   "127.0.1",
                                   "2130706433",
                                   "017700000001",
                                   "0x7f000001",
                                   "0177.0.0.1",
                                   "0x7f.0.0.1",
                                   "0x7f.1",
                                   "127.0.0.0x1",
                                   "00127.0.0.1",
                                   "127.000.000.001",
                                   "%31%32%37.0.0.1",
                                   "127%2e0.0.1",
                                   "127.0.0.1%00.example.com",
                                   "[::1]",
                                   "[0:0:0:0:0:0:0:1]",
                                   "[::ffff:127.0.0.1]",
                                   "[::ffff:7f00:1]",
                                   "[::127.0.0.1]",
                                   "[64:ff9b::127.0.0.1]",
                                   "[64:ff9b::7f00:1]",
                                   "[64:ff9b:1::7f00:1]",
                                   "[2002:7f00:1::]",
                                   "[2002:a9fe:a9fe::1]",
                                   "[2001:0:7f00:1::1]",
                                   "[fe80::1%25eth0]",
                                   "[fe80::1%eth0]",
                                   "[::1%25lo]",
                                   "[fc00::1]",
                                   "[::]",
                                   "0",
                                   "0.0.0.0",
                                   "localhost",
                                   "LocalHost",
                                   "localhost.",
                                   "a.localhost",
                                   "localhost.localdomain",
                                   "169.254.169.254",
                                   "2852039166",
                                   "0xa9fea9fe",
                                   "[::ffff:169.254.169.254]",
                                   "100.100.100.200",
                                   "192.168.0.1",
                                   "10.1",
                                   "user@127.0.0.1",
                                   "example.com@127.0.0.1",
                                   "127.0.0.1@example.com",
                                   "example.com:443@127.0.0.1",
                                   "example.com\\@127.0.0.1",
                                   "example.com#@127.0.0.1",
                                   "127.0.0.1\\.example.com",
                                   "127.0.0.1 .example.com",
                                   "127.0.0.1\t",
                                   "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1",
                                   "127\xe3\x80\x82"
                                   "0\xe3\x80\x82"
                                   "0\xe3\x80\x82"
                                   "1",
                                   "\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1",
                                   "\xe2\x93\x9bocalhost",
                                   "",
                                   ".",
                                   "..",
                                   "-",
                                   "[",
                                   "[]",
                                   "[127.0.0.1]"}) {
        EXPECT_FALSE(gate().check("https://" + host + "/", false)) << host;
        EXPECT_FALSE(gate().check("https://" + host + ":443/hook?a=b", false)) << host;
    }
    for (const auto* url :
         {"https:///127.0.0.1", "https:127.0.0.1", "https:/127.0.0.1/", "//127.0.0.1/",
          "https:\\\\127.0.0.1\\", "HTTPS://127.0.0.1/", "file:///etc/passwd",
          "gopher://127.0.0.1/", "https://example.com:0443/../", "https://example.com:/",
          "https://example.com:65536/", "https://example.com:+443/", " https://example.com/",
          "https://example.com/\r\nHost: 127.0.0.1", "https://example.com\n/"}) {
        const auto checked = gate().check(url, false);
        if (checked) EXPECT_EQ(checked->host, "example.com") << url;
    }
}

TEST(Gate, DecidesOnEachAddressOfAName) {
    EXPECT_TRUE(gate().allows("8.8.8.8", false));
    for (const auto* address :
         {"127.0.0.1", "::1", "fe80::1%eth0", "", "8.8.8.8:80", "localhost"}) {
        EXPECT_FALSE(gate().allows(address, false)) << address;
    }
}

TEST(Gate, LetsAnInsecureEndpointInsideButNotToMetadata) {
    for (const auto* url : {"http://127.0.0.1:8080/", "http://printer/", "http://10.1.2.3/",
                            "http://example.com:99/"}) {
        EXPECT_TRUE(gate().check(url, true)) << url;
    }
    for (const auto* url : {"http://169.254.169.254/", "http://[fe80::1]/", "http://0.0.0.0/",
                            "http://[fd00:ec2::254]/", "http://224.0.0.1/", "ftp://10.0.0.1/"}) {
        EXPECT_FALSE(gate().check(url, true)) << url;
    }
    EXPECT_TRUE(gate().allows("127.0.0.1", true));
    EXPECT_FALSE(gate().allows("169.254.169.254", true));
}

TEST(Gate, TrustsTheNetworksAnOperatorNames) {
    const auto trusting = gate({.trusted = {"127.0.0.0/8", "fd12::/16"}});
    EXPECT_TRUE(trusting.check("http://127.0.0.1:4711/", false));
    EXPECT_TRUE(trusting.check("http://[::ffff:127.0.0.1]:4711/", false));
    EXPECT_TRUE(trusting.check("http://[fd12::1]/", false));
    EXPECT_TRUE(trusting.allows("127.9.9.9", false));
    EXPECT_FALSE(trusting.check("http://10.0.0.1/", false));
    EXPECT_FALSE(trusting.check("http://localhost/", false));
    EXPECT_FALSE(trusting.allows("10.0.0.1", false));
    EXPECT_FALSE(deliver::Gate::make({.trusted = {"127.0.0.1/8"}}));
}

TEST(Gate, AllowsOnlyItsPorts) {
    const auto custom = gate({.ports = {443, 8443}});
    EXPECT_TRUE(custom.check("https://example.com:8443/", false));
    EXPECT_FALSE(custom.check("https://example.com:8444/", false));
}

}  // namespace
