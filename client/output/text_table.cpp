#include "client/output/text_table.h"

#include <algorithm>

#include "client/output/terminal.h"

namespace brigade::output {
namespace {

constexpr std::size_t kGap = 2;           // between columns
constexpr std::size_t kElasticLeast = 8;  // what a cut column keeps at least before others are dropped
constexpr std::size_t kUnbounded = 1'000'000;

}  // namespace

std::size_t TextTable::used_width() const {
  std::size_t used = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!shown_[i]) continue;
    const std::size_t least = columns_[i].elastic ? std::min(widths_[i], kElasticLeast) : widths_[i];
    used += least + (used == 0 ? 0 : kGap);
  }
  return used;
}

void TextTable::drop_columns() {
  while (used_width() > width_) {
    std::size_t victim = columns_.size();
    std::size_t left = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!shown_[i]) continue;
      ++left;
      if (victim == columns_.size() || columns_[i].importance <= columns_[victim].importance) victim = i;
    }
    if (left <= 1) return;
    shown_[victim] = false;
  }
}

void TextTable::begin(std::string& out, const std::vector<Cells>& first) {
  widths_.assign(columns_.size(), 0);
  shown_.assign(columns_.size(), true);
  Cells titles;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    titles.push_back(columns_[i].title);
    widths_[i] = std::max(columns_[i].least, display_width(columns_[i].title));
    for (const Cells& row : first) widths_[i] = std::max(widths_[i], display_width(fit(row[i], kUnbounded)));
  }
  if (width_ > 0) {
    drop_columns();
    // What is over, the elastic columns give up: the widest first.
    for (;;) {
      std::size_t total = 0;
      std::size_t widest = columns_.size();
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (!shown_[i]) continue;
        total += widths_[i] + (total == 0 ? 0 : kGap);
        if (columns_[i].elastic && (widest == columns_.size() || widths_[i] > widths_[widest])) widest = i;
      }
      if (total <= width_ || widest == columns_.size() || widths_[widest] <= 1) break;
      widths_[widest] -= std::min(total - width_, std::max<std::size_t>(1, (widths_[widest] - 1) / 8));
    }
  }
  append(out, titles);
}

void TextTable::append(std::string& out, const Cells& cells) const {
  std::string line;
  std::size_t column = 0;  // where the cell's column begins
  std::size_t at = 0;      // where the line ends now
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!shown_[i]) continue;
    // Where the width is bound every cell is cut to its column: later rows must not break the lines.
    const std::string cell = fit(cells[i], width_ > 0 ? widths_[i] : kUnbounded);
    const std::size_t size = display_width(cell);
    std::size_t start = column + (columns_[i].right && size < widths_[i] ? widths_[i] - size : 0);
    if (at > 0 && start <= at) start = at + 1;
    line.append(start - at, ' ');
    line += cell;
    at = start + size;
    column += widths_[i] + kGap;
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  out += line;
  out += '\n';
}

std::string TextTable::text(std::vector<TableColumn> columns, const std::vector<Cells>& rows, std::size_t width) {
  TextTable table(std::move(columns), width);
  std::string out;
  table.begin(out, rows);
  for (const Cells& row : rows) table.append(out, row);
  return out;
}

}  // namespace brigade::output
