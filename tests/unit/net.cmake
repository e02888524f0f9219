add_executable(net_test net_test.cpp)
brigade_target(net_test)
target_link_libraries(net_test PRIVATE brigade_net brigade_base brigade_wire GTest::gtest_main)
gtest_discover_tests(net_test DISCOVERY_TIMEOUT 60)
