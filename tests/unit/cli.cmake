add_executable(cli_test
  cli_exit_code_test.cpp cli_help_test.cpp cli_input_test.cpp cli_kinds_test.cpp cli_output_test.cpp cli_progress_test.cpp
  cli_table_test.cpp cli_cluster_test.cpp)
brigade_target(cli_test)
target_link_libraries(cli_test PRIVATE brigade_cli brigade_net fmt::fmt nlohmann_json::nlohmann_json GTest::gtest_main)
gtest_discover_tests(cli_test DISCOVERY_TIMEOUT 60)
