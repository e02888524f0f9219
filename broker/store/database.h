// SQLite as this store uses it: a connection, statements, and what its errors mean.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/store/trouble.h"
#include "proto/model/result.h"

namespace brigade::broker {

enum class Access : std::uint8_t { read_only, read_write };

/// One connection, used by one thread at a time. Stays where it is: statements point to it.
class Database {
 public:
  static Result<std::unique_ptr<Database>> open(std::filesystem::path file, Access access);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Runs statements that return nothing of interest.
  MaybeTrouble run(const char* sql);
  /// What the latest call's error code means. REQUIRES: `code` is an error.
  Trouble trouble(int code) const;
  /// Whether a transaction is open.
  bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
  /// Rows that the latest statement inserted, changed or deleted.
  std::uint64_t changes() const { return static_cast<std::uint64_t>(sqlite3_changes64(handle_.get())); }
  /// Pages in the write-ahead log after the latest commit.
  int log_pages() const { return log_pages_; }
  /// Moves the write-ahead log's pages into the database file.
  MaybeTrouble checkpoint();

  sqlite3* handle() const { return handle_.get(); }
  const std::filesystem::path& file() const { return file_; }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  explicit Database(std::filesystem::path file) : file_(std::move(file)) {}

  std::filesystem::path file_;
  std::unique_ptr<sqlite3, Close> handle_;
  int log_pages_ = 0;
};

/// Our own SQL, compiled at its first use. REQUIRES: the database outlives it.
class Statement {
 public:
  Statement(Database& database, const char* sql) : database_(&database), sql_(sql) {}

  /// Runs to the end with `values` for its parameters.
  template <class... Values>
  MaybeTrouble execute(const Values&... values) {
    if (!start(values...)) return database_->trouble(code_);
    while (step()) {
    }
    auto trouble = failed() ? MaybeTrouble(database_->trouble(code_)) : std::nullopt;
    reset();
    return trouble;
  }

 private:
  friend class Rows;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  template <class... Values>
  bool start(const Values&... values) {
    if (!prepare()) return false;
    int parameter = 0;
    (bind(++parameter, values), ...);
    return true;
  }
  bool prepare();
  void bind(int parameter, std::uint64_t value);
  void bind(int parameter, std::string_view value);  ///< as a blob; copied
  /// Whether there is a row.
  bool step();
  bool failed() const { return code_ != SQLITE_DONE && code_ != SQLITE_ROW && code_ != SQLITE_OK; }
  void reset();

  Database* database_;
  const char* sql_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int code_ = SQLITE_OK;
};

/// A query's rows. While it lives, the connection stays at one state of the database.
class Rows {
 public:
  template <class... Values>
  explicit Rows(Statement& statement, const Values&... values) : statement_(&statement) {
    started_ = statement.start(values...);
  }
  ~Rows() { statement_->reset(); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  /// Moves to the next row; false at the end and after an error.
  bool next() { return started_ && statement_->step(); }
  /// The error that ended the rows early, if any. Ask after next() returned false.
  std::optional<Error> error() const;

  std::uint64_t number(int column) const;
  bool is_null(int column) const;
  /// Valid until the next call of next().
  std::string_view bytes(int column) const;

 private:
  Statement* statement_;
  bool started_ = false;
};

}  // namespace brigade::broker
