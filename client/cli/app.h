// The program `brigade`: from its arguments to its exit code.
#pragma once

namespace brigade::cli {

int run_program(int argc, char** argv);

}  // namespace brigade::cli
