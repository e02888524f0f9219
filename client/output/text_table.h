// Tables for people: columns that fit a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace brigade::output {

struct TableColumn {
  std::string title;
  bool right = false;     ///< numbers are set flush right
  bool elastic = false;   ///< takes what is left, is cut where there is too little
  std::size_t least = 0;  ///< columns kept free for what later rows may bring
  int importance = 0;     ///< the least important column goes first where the terminal is narrow
};

/// Lays out its first rows, then keeps those widths: what comes later is cut or, where it cannot be, runs over.
class TextTable {
 public:
  using Cells = std::vector<std::string>;

  /// `width` 0: as wide as needed.
  TextTable(std::vector<TableColumn> columns, std::size_t width) : columns_(std::move(columns)), width_(width) {}

  /// Computes widths from these rows and appends the title line. REQUIRES: each row has a cell per column.
  void begin(std::string& out, const std::vector<Cells>& first);
  void append(std::string& out, const Cells& cells) const;

  /// All at once.
  static std::string text(std::vector<TableColumn> columns, const std::vector<Cells>& rows, std::size_t width);

 private:
  void drop_columns();
  std::size_t used_width() const;

  std::vector<TableColumn> columns_;
  std::size_t width_;
  std::vector<std::size_t> widths_;
  std::vector<bool> shown_;
};

}  // namespace brigade::output
