add_executable(base_test base_os_test.cpp base_text_test.cpp model_test.cpp)
brigade_target(base_test)
target_link_libraries(base_test PRIVATE brigade_base brigade_model GTest::gtest_main)
gtest_discover_tests(base_test DISCOVERY_TIMEOUT 60)
