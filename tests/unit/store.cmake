add_executable(store_test store_test.cpp store_faults_test.cpp)
brigade_target(store_test)
target_link_libraries(store_test PRIVATE brigade_store brigade_base brigade_model SQLite::SQLite3 GTest::gtest_main)
gtest_discover_tests(store_test DISCOVERY_TIMEOUT 60)
