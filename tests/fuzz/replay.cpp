// Runs the inputs in the folders given, one after the other, with any compiler: what once failed must not fail again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> inputs_of(const fs::path& folder) {
  if (fs::is_regular_file(folder)) return {folder};
  std::vector<fs::path> files;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(folder, missing))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

void replay(const fs::path& file) {
  std::cout << file.string() << std::endl;  // before it runs: it may end the process
  std::ifstream in(file, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  (void)LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: " << argv[0] << " FOLDER|FILE…\n";
    return 2;
  }
  for (int i = 1; i < argc; ++i) {
    const std::vector<fs::path> inputs = inputs_of(argv[i]);
    if (inputs.empty()) {
      std::cerr << argv[i] << " has no inputs; is it a corpus (tests/fuzz/corpus/TARGET)?\n";
      return 1;
    }
    for (const fs::path& file : inputs) replay(file);
  }
  return 0;
}
