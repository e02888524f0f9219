// What an operator orders instead of serving: each works on a state folder, beside a running broker or without one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "proto/model/result.h"

namespace brigade::broker {

struct Damage;

/// Exit codes: 0 done and all is whole, 1 something is damaged, 2 usage, no state folder, output that cannot be
/// written.
inline constexpr int kExitWhole = 0, kExitDamaged = 1, kExitUnusable = 2;

struct CheckOrder {
  std::filesystem::path state;
  std::string output = "table";
};
/// Prints what it finds to stdout, notes to stderr. Returns the exit code.
int carry_out(const CheckOrder& order);

struct BackupOrder {
  std::filesystem::path state, to;
};
int carry_out(const BackupOrder& order);

struct ExportOrder {
  std::filesystem::path state;
  std::vector<std::string> jobs;  ///< ids, beginnings of ids, or names; none: all
  bool results = false;
};
/// Prints to stdout as NDJSON; what is damaged is said on stderr, and left out.
int carry_out(const ExportOrder& order);

/// What is damaged and where: "… does not match its checksum (job 4c…, tasks 5..9)".
std::string describe(const Damage& damage);
/// Says it on stderr. Returns the exit code that fits.
int fail(const Error& error);

}  // namespace brigade::broker
