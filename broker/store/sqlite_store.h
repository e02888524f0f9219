// The Store in one folder of a local disk: a SQLite index and segment files.
//
// What is acknowledged is on disk (when syncing): a batch of writes puts records into segment files, syncs, commits
// the index rows that point to the records, then marks the commit outside of the index. Every record and every row
// carries a checksum; damage is an error that names its place, never other data.
//
//   DIR/lock       held by the broker that uses the folder; its process id
//   DIR/index.sqlite (-wal, -shm)   see index.h
//   DIR/commits    the number of the latest commit, see commit_mark.h
//   DIR/segments/JOB-SEGMENT.seg    records, see payload_files.h
#pragma once

#include <filesystem>
#include <memory>

#include "broker/store/store.h"
#include "proto/model/result.h"

namespace brigade::broker {

struct StoreOptions {
  std::filesystem::path folder;  ///< made with mode 0700 if it is missing
  bool sync = true;              ///< false: survives the broker's death, but not the machine's
  /// Of records kept in memory since they are likely to be read next: for arguments and for results each.
  std::uint64_t cache_bytes = std::uint64_t{32} << 20;
  StoreSignals signals;
};

struct OpenedStore {
  std::unique_ptr<Store> store;  ///< its destructor commits what is queued
  Recovered recovered;
};

/// Opens the folder for this broker alone and begins a new epoch in it. Errors name the folder or file, and say what
/// helps: it is in use, of a newer version, damaged, or cannot be written.
/// REQUIRES: SIGXFSZ is ignored where a file size limit may be set.
Result<OpenedStore> open_store(StoreOptions options);

}  // namespace brigade::broker
