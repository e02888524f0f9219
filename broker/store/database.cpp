#include "broker/store/database.h"

#include <system_error>
#include <utility>

namespace brigade::broker {
namespace {

/// What the system last said to SQLite about a file of the database: SQLITE_FCNTL_FILE_POINTER is the database itself,
/// SQLITE_FCNTL_JOURNAL_POINTER its log. (sqlite3_system_errno() has forgotten it by the time a commit has failed.)
int last_errno(sqlite3* handle, int which_file) {
  sqlite3_file* file = nullptr;
  int error_number = 0;
  if (sqlite3_file_control(handle, "main", which_file, &file) != SQLITE_OK) return 0;
  if (file == nullptr || file->pMethods == nullptr) return 0;
  file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error_number);
  return error_number;
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(std::filesystem::path file, Access access) {
  std::unique_ptr<Database> database(new Database(std::move(file)));
  const int flags = (access == Access::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(database->file_.c_str(), &handle, flags, nullptr);
  database->handle_.reset(handle);  // even a failed open gives a handle, for its message
  if (code != SQLITE_OK) return Error{ErrorCode::storage, database->trouble(code).reason};
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, 10'000);  // a reader and the writer only meet for moments
  if (access == Access::read_write) {
    // This hook takes the place of SQLite's own, which checkpoints after a commit and hides whether that went well.
    const auto note_pages = [](void* self, sqlite3*, const char*, int pages) {
      static_cast<Database*>(self)->log_pages_ = pages;
      return SQLITE_OK;
    };
    sqlite3_wal_hook(handle, note_pages, database.get());
  }
  return database;
}

MaybeTrouble Database::run(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return std::nullopt;
  return trouble(code);
}

Trouble Database::trouble(int code) const {
  const int kind = code & 0xFF;
  // After a failed sync nobody knows what is on disk, whatever the reason was.
  const bool sync_failed = code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
  const int log_error = last_errno(handle_.get(), SQLITE_FCNTL_JOURNAL_POINTER);
  const int error_number = is_passing(log_error) ? log_error : last_errno(handle_.get(), SQLITE_FCNTL_FILE_POINTER);
  const bool no_room = kind == SQLITE_IOERR && is_passing(error_number);
  const bool no_shared_memory = code == SQLITE_IOERR_SHMSIZE;  // its file could not grow
  const std::string what = sqlite3_errmsg(handle_.get());
  const std::string general = no_room ? std::generic_category().message(error_number) : sqlite3_errstr(code);
  return {.passing = !sync_failed && (kind == SQLITE_FULL || kind == SQLITE_BUSY || no_shared_memory || no_room),
          .reason = file_.string() + ": " + what + (what == general ? "" : " (" + general + ")")};
}

MaybeTrouble Database::checkpoint() {
  const int code = sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code == SQLITE_OK) return std::nullopt;
  return trouble(code);
}

bool Statement::prepare() {
  if (statement_) return true;
  sqlite3_stmt* statement = nullptr;
  code_ = sqlite3_prepare_v3(database_->handle(), sql_, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  statement_.reset(statement);
  return code_ == SQLITE_OK;
}

void Statement::bind(int parameter, std::uint64_t value) {
  sqlite3_bind_int64(statement_.get(), parameter, static_cast<std::int64_t>(value));
}

void Statement::bind(int parameter, std::string_view value) {
  const char* data = value.empty() ? "" : value.data();  // a null pointer would mean NULL
  sqlite3_bind_blob64(statement_.get(), parameter, data, value.size(), SQLITE_TRANSIENT);
}

bool Statement::step() {
  code_ = sqlite3_step(statement_.get());
  return code_ == SQLITE_ROW;
}

void Statement::reset() {
  if (!statement_) return;
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::optional<Error> Rows::error() const {
  if (!statement_->failed()) return std::nullopt;
  return Error{ErrorCode::storage, statement_->database_->trouble(statement_->code_).reason};
}

std::uint64_t Rows::number(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement_->statement_.get(), column));
}

bool Rows::is_null(int column) const {
  return sqlite3_column_type(statement_->statement_.get(), column) == SQLITE_NULL;
}

std::string_view Rows::bytes(int column) const {
  sqlite3_stmt* statement = statement_->statement_.get();
  const void* data = sqlite3_column_blob(statement, column);
  return {static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
}

}  // namespace brigade::broker
