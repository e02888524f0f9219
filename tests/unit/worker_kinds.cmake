add_executable(worker_kinds_test factorial_test.cpp)
brigade_target(worker_kinds_test)
target_link_libraries(worker_kinds_test PRIVATE
  brigade_exec brigade_kinds brigade_wire PkgConfig::GMP OpenSSL::Crypto GTest::gtest_main)
gtest_discover_tests(worker_kinds_test DISCOVERY_TIMEOUT 60)
