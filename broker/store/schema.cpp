#include "broker/store/schema.h"

#include <string>

namespace brigade::broker {
namespace {

constexpr const char* kSchema = R"(
CREATE TABLE facts(name BLOB PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE jobs(number INTEGER PRIMARY KEY, opened BLOB NOT NULL, sealed BLOB, finished BLOB);
CREATE TABLE chunks(job INTEGER, first INTEGER, packed BLOB NOT NULL, record BLOB,
                    PRIMARY KEY(job, first)) WITHOUT ROWID;
CREATE TABLE blocks(job INTEGER, position INTEGER, not_ok INTEGER NOT NULL, class INTEGER NOT NULL,
                    first INTEGER NOT NULL, last INTEGER NOT NULL, packed BLOB NOT NULL, record BLOB,
                    PRIMARY KEY(job, position)) WITHOUT ROWID;
CREATE INDEX blocks_by_span ON blocks(job, class, first, last);
CREATE INDEX blocks_not_ok ON blocks(job, position) WHERE not_ok > 0;
CREATE TABLE attempts(job INTEGER, count INTEGER, packed BLOB NOT NULL, PRIMARY KEY(job, count)) WITHOUT ROWID;
CREATE TABLE forgotten(job INTEGER PRIMARY KEY);
)";

MaybeTrouble run_as_version(Database& database, const char* statements, std::uint64_t version) {
  const std::string all =
      std::string("BEGIN IMMEDIATE;") + statements + ";PRAGMA user_version=" + std::to_string(version) + ";COMMIT";
  auto trouble = database.run(all.c_str());
  if (trouble && database.in_transaction()) (void)database.run("ROLLBACK");  // the trouble is what counts
  return trouble;
}

}  // namespace

Result<std::uint64_t> schema_version(Database& database) {
  Statement ask(database, "PRAGMA user_version");
  Rows rows(ask);
  if (rows.next()) return rows.number(0);
  if (auto error = rows.error()) return *error;
  return std::uint64_t{0};
}

MaybeTrouble create_tables(Database& database) {
  return run_as_version(database, kSchema, kSchemaVersion);
}

MaybeTrouble migrate(Database& database, std::uint64_t version, std::span<const char* const> steps) {
  for (std::uint64_t next = version; next <= steps.size(); ++next) {
    if (auto trouble = run_as_version(database, steps[next - 1], next + 1)) return trouble;
  }
  return {};
}

Error unknown_version(const Database& database, std::uint64_t version) {
  const std::string found = database.file().string() + " has version " + std::to_string(version);
  const std::string known = "this one reads version " + std::to_string(kSchemaVersion);
  if (version > kSchemaVersion)
    return storage_error(found + ", made by a newer broker; " + known +
                         ". Start that broker, or choose another folder");
  return storage_error(found + ", made by an older broker; " + known +
                       ". Start this broker in the folder once: it brings it up to date");
}

}  // namespace brigade::broker
