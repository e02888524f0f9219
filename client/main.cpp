// The program `brigade`.
#include "client/cli/app.h"
#include "proto/base/memory.h"

int main(int argc, char** argv) {
  brigade::base::keep_freed_memory();
  return brigade::cli::run_program(argc, argv);
}
