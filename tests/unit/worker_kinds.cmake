find_package(ZLIB REQUIRED)
add_executable(worker_kinds_test
  address_policy_test.cpp factorial_test.cpp fetch_test.cpp ../support/http_server.cpp)
brigade_target(worker_kinds_test)
target_link_libraries(worker_kinds_test PRIVATE
  brigade_exec brigade_kinds brigade_wire PkgConfig::GMP OpenSSL::Crypto CURL::libcurl ZLIB::ZLIB GTest::gtest_main)
gtest_discover_tests(worker_kinds_test DISCOVERY_TIMEOUT 60)
