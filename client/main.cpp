// The program `brigade`.
#include "client/cli/app.h"

int main(int argc, char** argv) {
  return brigade::cli::run_program(argc, argv);
}
