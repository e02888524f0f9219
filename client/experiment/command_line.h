// The command line of an experiment: as it was typed, what of it says what a task does, and that of one cell alone.
#pragma once

#include <string>
#include <vector>

#include "client/experiment/record.h"

namespace brigade::experiment {

/// The words of this program's command line without its name.
std::vector<std::string> own_arguments();

/// The words without the options that say which cells there are, where results go, or how they are shown.
std::vector<std::string> words_of_the_work(const std::vector<std::string>& arguments);

/// Words as a shell reads them back.
std::string shell_line(const std::vector<std::string>& words);

/// The exact command that measures one cell alone.
std::string command_of(const Manifest& manifest, const Cell& cell);

}  // namespace brigade::experiment
