#include "worker/kinds/fetch/address_policy.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>

#include "worker/kinds/table.h"

namespace brigade::worker {
namespace {

bool allows(const AddressPolicy& policy, const std::string& text) {
  sockaddr_storage storage{};
  auto& four = reinterpret_cast<sockaddr_in&>(storage);
  auto& six = reinterpret_cast<sockaddr_in6&>(storage);
  if (text.find(':') == std::string::npos) {
    four.sin_family = AF_INET;
    EXPECT_EQ(::inet_pton(AF_INET, text.c_str(), &four.sin_addr), 1) << text;
  } else {
    six.sin6_family = AF_INET6;
    EXPECT_EQ(::inet_pton(AF_INET6, text.c_str(), &six.sin6_addr), 1) << text;
  }
  return policy.allows(reinterpret_cast<const sockaddr&>(storage));
}

TEST(AddressPolicy, AllowsGlobalAddressesOnly) {
  const Result<AddressPolicy> policy = AddressPolicy::make({}, false);
  for (const char* text : {"8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1",
                           "192.167.1.1", "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8",
                           "64:ff9b::808:808", "2002:808:808::1", "2001:200::1"})
    EXPECT_TRUE(allows(*policy, text)) << text;
  for (const char* text : {"127.0.0.1",
                           "127.255.255.255",
                           "0.0.0.0",
                           "0.1.2.3",
                           "10.0.0.1",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.1.1",
                           "169.254.169.254",
                           "100.64.0.1",
                           "100.127.255.255",
                           "192.0.0.1",
                           "192.0.2.1",
                           "198.18.0.1",
                           "198.19.255.255",
                           "198.51.100.1",
                           "203.0.113.1",
                           "224.0.0.1",
                           "239.1.1.1",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "::127.0.0.1",
                           "64:ff9b::7f00:1",
                           "64:ff9b::a00:1",
                           "64:ff9b:1::1",
                           "2002:7f00:1::1",
                           "2002:c0a8:101::1",
                           "fc00::1",
                           "fd12::1",
                           "fe80::1",
                           "fec0::1",
                           "ff02::1",
                           "2001:db8::1",
                           "2001::1",
                           "2001:10::1",
                           "100::1",
                           "3fff::1",
                           "4000::1"})
    EXPECT_FALSE(allows(*policy, text)) << text;
}

TEST(AddressPolicy, MakesTheStatedExceptions) {
  const Result<AddressPolicy> policy =
      AddressPolicy::make({"10.1.0.0/16", "192.168.7.9", "fd00:1::/32", "0.0.0.0/0"}, false);
  ASSERT_TRUE(policy);
  EXPECT_TRUE(allows(*policy, "127.0.0.1"));
  EXPECT_TRUE(allows(*policy, "fd00:1::5"));
  EXPECT_FALSE(allows(*policy, "fd00:2::5"));
  const Result<AddressPolicy> narrow = AddressPolicy::make({"10.1.0.0/16", "192.168.7.9", "10.2.3.128/25"}, false);
  EXPECT_TRUE(allows(*narrow, "10.1.255.1"));
  EXPECT_TRUE(allows(*narrow, "::ffff:10.1.2.3"));
  EXPECT_TRUE(allows(*narrow, "10.2.3.200"));
  EXPECT_FALSE(allows(*narrow, "10.2.3.127"));
  EXPECT_FALSE(allows(*narrow, "10.2.0.1"));
  EXPECT_TRUE(allows(*narrow, "192.168.7.9"));
  EXPECT_FALSE(allows(*narrow, "192.168.7.8"));
}

TEST(AddressPolicy, AllowsAllWhereTold) {
  EXPECT_TRUE(allows(*AddressPolicy::make({}, true), "127.0.0.1"));
}

TEST(AddressPolicy, RefusesBadNetworks) {
  for (const char* text :
       {"", "10.0.0.0/33", "10.0.0/8", "::/129", "example.org", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/-1"})
    EXPECT_FALSE(AddressPolicy::make({text}, false)) << text;
}

TEST(KindTable, OffersAllKindsOrThoseNamed) {
  const auto all = kinds({});
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), 6u);
  const auto some = kinds({}, {"noop", "factorial", "noop"});
  ASSERT_TRUE(some);
  ASSERT_EQ(some->size(), 2u);
  EXPECT_EQ(some->at(1).offer().argument_max, 20'000'000u);
  EXPECT_EQ(some->at(1).offer().preferred, Lane::threads);
  const auto bad = kinds({}, {"factorail"});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message,
            "there is no kind 'factorail'; the kinds are factorial, fetch, noop, sleep, spin, echo");
  EXPECT_FALSE(kinds({.fetch_allow = {"nonsense"}}));
}

}  // namespace
}  // namespace brigade::worker
