// The program `brigade`.
#include "client/cli/app.h"
#include "client/content_hash.h"
#include "proto/base/memory.h"

int main(int argc, char** argv) {
  brigade::base::keep_freed_memory();
  brigade::client::use_openssl_for_hashes_only();
  return brigade::cli::run_program(argc, argv);
}
