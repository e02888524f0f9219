// What somebody who mistyped a word may have meant.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace brigade::base {

/// The candidate nearest to `word` by edit distance (two letters that changed places count once), or one that begins
/// with it; nullopt where none is near.
std::optional<std::string> nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace brigade::base
