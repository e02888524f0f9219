#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "proto/base/os.h"
#include "proto/net/socket.h"
#include "proto/wire/limits.h"
#include "tests/support/temporary_folder.h"

namespace brigade::net {
namespace {

using std::chrono::seconds;

constexpr Duration kPatience = seconds(20);

struct Folder : test::TemporaryFolder {
  std::string endpoint() const { return "ipc://" + (path() / "socket").string(); }
};

// The next message, waited for generously.
template <class Socket>
auto next(Socket& socket) {
  const Instant limit = base::monotonic_now() + kPatience;
  for (;;) {
    auto message = socket.receive();
    const Instant now = base::monotonic_now();
    if (message || now >= limit) return message;
    wait(&socket, {}, limit - now);
  }
}

std::unique_ptr<Router> bound(const std::string& endpoint) {
  auto router = Router::bind({endpoint});
  EXPECT_TRUE(router) << router.error().message;
  return router ? *std::move(router) : nullptr;
}

std::unique_ptr<Dealer> connected(const std::string& endpoint) {
  auto dealer = Dealer::connect(endpoint);
  EXPECT_TRUE(dealer) << dealer.error().message;
  return dealer ? *std::move(dealer) : nullptr;
}

std::string message_of(const Result<std::unique_ptr<Router>>& result) {
  return result ? "bound" : result.error().message;
}

Frames frames_of(std::initializer_list<std::string> texts) {
  Frames frames;
  for (const std::string& text : texts) frames.push_back(Bytes::of(text));
  return frames;
}

void expect_round_trip(Router& router, const std::string& endpoint, const std::string& address) {
  const auto dealer = connected(endpoint);
  const Frames there = frames_of({"envelope", "", std::string(300, 'x'), std::string(wire::kFrameBytesMax, 'y')});
  ASSERT_EQ(dealer->send(there), SendResult::sent);
  const auto inbound = next(router);
  ASSERT_TRUE(inbound);
  EXPECT_EQ(inbound->frames, there);
  EXPECT_EQ(inbound->address, address);
  EXPECT_TRUE(inbound->peer);

  const Frames back = frames_of({std::string(1000, 'a'), "b"});
  ASSERT_EQ(router.send(inbound->peer, back), SendResult::sent);
  EXPECT_EQ(next(*dealer), back);
}

std::uint16_t port_of(const std::string& endpoint) {
  return static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
}

base::Fd raw_connection(std::uint16_t port) {
  base::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

// Leaves a socket's file behind that nobody serves.
void leave_stale_socket(const std::string& path) {
  const base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

TEST(Endpoint, IsCheckedWithAReason) {
  for (const char* good : {"tcp://127.0.0.1:7411", "tcp://*:0", "tcp://[::1]:65535", "tcp://host-1.example:1",
                           "tcp://localhost:5", "ipc:///tmp/x", "ipc://relative"})
    EXPECT_TRUE(check_endpoint(good)) << good;
  const std::pair<std::string, std::string> bad[] = {
      {"", "it must be tcp://HOST:PORT or ipc://PATH"},
      {"127.0.0.1:7411", "it must be tcp://HOST:PORT or ipc://PATH"},
      {"udp://127.0.0.1:7411", "it must be tcp://HOST:PORT or ipc://PATH"},
      {"tcp://127.0.0.1", "the port is missing"},
      {"tcp://127.0.0.1:", "the port is missing"},
      {"tcp://[::1]", "the port is missing"},
      {"tcp://127.0.0.1:65536", "is not a number from 0 to 65535"},
      {"tcp://127.0.0.1:x", "is not a number from 0 to 65535"},
      {"tcp://127.0.0.1:-1", "is not a number from 0 to 65535"},
      {"tcp://:7411", "the host is missing"},
      {"tcp://::1:7411", "stands in brackets"},
      {"tcp://[::g]:7411", "is not an IPv6 address"},
      {"tcp://a;b:7411", "is not a host"},
      {"tcp://a b:7411", "is not a host"},
      {"ipc://", "the path is missing"},
      {"ipc://*", "must name a file"},
      {"ipc://@abstract", "must name a file"},
      {"ipc://" + std::string(108, 'p'), "has 108 bytes and may have 107"}};
  for (const auto& [endpoint, reason] : bad) {
    const auto checked = check_endpoint(endpoint);
    ASSERT_FALSE(checked) << endpoint;
    EXPECT_EQ(checked.error().code, ErrorCode::invalid);
    EXPECT_NE(checked.error().message.find(reason), std::string::npos) << checked.error().message;
  }
}

TEST(Endpoint, IsLocalOnlyOnThisMachinesOwnAddresses) {
  for (const char* local : {"ipc:///tmp/x", "tcp://127.0.0.1:1", "tcp://127.9.8.7:1", "tcp://[::1]:1",
                            "tcp://localhost:1", "tcp://[::ffff:127.0.0.1]:1"})
    EXPECT_TRUE(is_local(local)) << local;
  for (const char* open : {"tcp://*:1", "tcp://0.0.0.0:1", "tcp://192.0.2.1:1", "tcp://[::]:1", "tcp://127.example:1",
                           "tcp://host:1", "nonsense"})
    EXPECT_FALSE(is_local(open)) << open;
}

TEST(Router, ExchangesFramesOverTcp) {
  const auto router = bound("tcp://127.0.0.1:0");
  ASSERT_EQ(router->endpoints().size(), 1u);
  EXPECT_NE(port_of(router->endpoints()[0]), 0);
  expect_round_trip(*router, router->endpoints()[0], "127.0.0.1");
}

TEST(Router, ExchangesFramesOverIpcAndKnowsTheUser) {
  const Folder folder;
  const auto router = bound(folder.endpoint());
  EXPECT_EQ(router->endpoints(), std::vector<std::string>{folder.endpoint()});
  expect_round_trip(*router, folder.endpoint(), "uid " + std::to_string(::getuid()));
}

TEST(Router, NamesAnIpv4PeerAlikeOnASocketForBoth) {
  const auto router = bound("tcp://*:0");
  expect_round_trip(*router, "tcp://localhost:" + std::to_string(port_of(router->endpoints()[0])), "127.0.0.1");
}

TEST(Router, BindsLocalhost) {
  const auto router = bound("tcp://localhost:0");
  expect_round_trip(*router, router->endpoints()[0], "127.0.0.1");
}

TEST(Router, ServesSeveralEndpoints) {
  const Folder folder;
  auto router = Router::bind({"tcp://127.0.0.1:0", folder.endpoint()});
  ASSERT_TRUE(router) << router.error().message;
  for (const std::string& endpoint : (*router)->endpoints()) {
    const auto dealer = connected(endpoint);
    ASSERT_EQ(dealer->send(frames_of({endpoint})), SendResult::sent);
    const auto inbound = next(**router);
    ASSERT_TRUE(inbound);
    EXPECT_EQ(inbound->frames, frames_of({endpoint}));
  }
}

TEST(Router, SaysThatAnUnknownPeerIsUnreachable) {
  const auto router = bound("tcp://127.0.0.1:0");
  EXPECT_EQ(router->send(PeerId{}, frames_of({"x"})), SendResult::unreachable);
  EXPECT_EQ(router->send(PeerId{(std::uint64_t{1} << 40) + 12345}, frames_of({"x"})), SendResult::unreachable);
}

TEST(Router, SaysThatAPeerThatWentIsUnreachable) {
  const Folder folder;
  const auto router = bound(folder.endpoint());
  auto dealer = connected(folder.endpoint());
  ASSERT_EQ(dealer->send(frames_of({"last words"})), SendResult::sent);
  const auto inbound = next(*router);
  ASSERT_TRUE(inbound);
  dealer.reset();
  const Instant limit = base::monotonic_now() + kPatience;
  SendResult result = SendResult::sent;
  while (result == SendResult::sent && base::monotonic_now() < limit) {
    wait(router.get(), {}, std::chrono::milliseconds(1));
    result = router->send(inbound->peer, frames_of({"x"}));
  }
  EXPECT_EQ(result, SendResult::unreachable);
}

TEST(Dealer, DeliversItsLastMessageWhenDestroyedAtOnce) {
  const Folder folder;
  const auto router = bound(folder.endpoint());
  {
    const auto dealer = connected(folder.endpoint());
    ASSERT_EQ(dealer->send(frames_of({"leaving"})), SendResult::sent);
  }
  const auto inbound = next(*router);
  ASSERT_TRUE(inbound);
  EXPECT_EQ(inbound->frames, frames_of({"leaving"}));
}

TEST(Dealer, IsDestroyedAlthoughNobodyListens) {
  const Folder folder;
  const auto dealer = connected(folder.endpoint());
  EXPECT_EQ(dealer->send(frames_of({"to nobody"})), SendResult::sent);
}

TEST(Dealer, RefusesEndpointsThatCannotBeConnectedTo) {
  for (const char* endpoint : {"tcp://127.0.0.1:0", "tcp://*:5", "udp://x"})
    EXPECT_FALSE(Dealer::connect(endpoint)) << endpoint;
}

TEST(Router, DisconnectsAPeerWithAnOversizeFrameAndLives) {
  const auto router = bound("tcp://127.0.0.1:0");
  const std::string endpoint = router->endpoints()[0];
  const auto greedy = connected(endpoint);
  ASSERT_EQ(greedy->send(frames_of({"before"})), SendResult::sent);
  const auto before = next(*router);
  ASSERT_TRUE(before);
  ASSERT_EQ(greedy->send(frames_of({std::string(wire::kFrameBytesMax + 1, 'z')})), SendResult::sent);
  ASSERT_EQ(greedy->send(frames_of({"after"})), SendResult::sent);

  // ZeroMQ connects the peer again, as another one, and sends what was left.
  const auto after = next(*router);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->frames, frames_of({"after"}));
  EXPECT_NE(after->peer, before->peer);
  EXPECT_EQ(router->send(before->peer, frames_of({"x"})), SendResult::unreachable);
  expect_round_trip(*router, endpoint, "127.0.0.1");
}

TEST(Router, RefusesAnIpcPathThatIsServedAlready) {
  const Folder folder;
  const auto router = bound(folder.endpoint());
  const auto second = Router::bind({folder.endpoint()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_NE(message_of(second).find("another process serves " + folder.endpoint()), std::string::npos);
  expect_round_trip(*router, folder.endpoint(), "uid " + std::to_string(::getuid()));
}

TEST(Router, RefusesAPortThatIsServedAlready) {
  const auto router = bound("tcp://127.0.0.1:0");
  const auto second = Router::bind({router->endpoints()[0]});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_NE(message_of(second).find("address already in use"), std::string::npos);
}

TEST(Router, ReplacesAStaleSocketFileButNoOtherFile) {
  const Folder folder;
  leave_stale_socket((folder.path() / "socket").string());
  {
    const auto router = bound(folder.endpoint());
    expect_round_trip(*router, folder.endpoint(), "uid " + std::to_string(::getuid()));
  }
  std::ofstream(folder.path() / "file") << "precious";
  const auto refused = Router::bind({"ipc://" + (folder.path() / "file").string()});
  EXPECT_NE(message_of(refused).find("is not a socket"), std::string::npos) << message_of(refused);
  EXPECT_TRUE(std::filesystem::is_regular_file(folder.path() / "file"));
}

TEST(Router, SaysWhyItCannotListen) {
  const Folder folder;
  EXPECT_NE(
      message_of(Router::bind({"ipc://" + (folder.path() / "none" / "socket").string()})).find("cannot listen at"),
      std::string::npos);
  EXPECT_NE(message_of(Router::bind({"tcp://192.0.2.1:0"})).find("no such address"), std::string::npos)
      << message_of(Router::bind({"tcp://192.0.2.1:0"}));
}

TEST(Router, IsNotDisturbedByRandomBytes) {
  const auto router = bound("tcp://127.0.0.1:0");
  const std::string endpoint = router->endpoints()[0];
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    const base::Fd fd = raw_connection(port_of(endpoint));
    std::string bytes(1 + random() % 2000, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (round % 2 == 0) bytes.insert(0, std::string("\xff\0\0\0\0\0\0\0\1\x7f\3\0NULL", 16));  // a plausible greeting
    (void)::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  expect_round_trip(*router, endpoint, "127.0.0.1");
}

TEST(Router, KeepsNoMoreFramesThanShowThatThereAreTooMany) {
  const auto router = bound("tcp://127.0.0.1:0");
  const auto dealer = connected(router->endpoints()[0]);
  ASSERT_EQ(dealer->send(Frames(wire::kFramesMax + 50, Bytes::of(std::string("x")))), SendResult::sent);
  ASSERT_EQ(dealer->send(frames_of({"next"})), SendResult::sent);
  EXPECT_EQ(next(*router)->frames.size(), wire::kFramesMax + 1);
  EXPECT_EQ(next(*router)->frames, frames_of({"next"}));
}

TEST(Wait, ReturnsTheReadableFdsAndNotOthers) {
  base::EventFd quiet;
  base::EventFd loud;
  loud.signal();
  const int fds[] = {quiet.fd(), loud.fd()};
  EXPECT_EQ(wait(static_cast<Router*>(nullptr), fds, kPatience), std::vector<std::size_t>{1});
  loud.clear();
  EXPECT_TRUE(wait(static_cast<Router*>(nullptr), fds, Duration{}).empty());
}

TEST(Bytes, SentWithoutACopyLiveUntilZeroMqIsDone) {
  const auto router = bound("tcp://127.0.0.1:0");
  const auto dealer = connected(router->endpoints()[0]);
  auto owner = std::make_shared<const std::string>(100'000, 'q');
  const std::weak_ptr<const std::string> alive = owner;
  const Bytes frame(owner, *owner);
  owner.reset();
  {
    Frames frames{frame};
    ASSERT_EQ(dealer->send(frames), SendResult::sent);
  }
  EXPECT_FALSE(alive.expired());
  const auto inbound = next(*router);
  ASSERT_TRUE(inbound);
  EXPECT_EQ(inbound->frames[0], frame);
}

}  // namespace
}  // namespace brigade::net
