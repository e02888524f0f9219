// The tables of the index, and how an older broker's become those of this one.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "broker/store/database.h"
#include "broker/store/trouble.h"
#include "proto/model/result.h"

namespace brigade::broker {

/// Statements that bring an index from version 1 to 2, from 2 to 3 and so on, the first first. Whoever changes the
/// tables, or what is packed in them, adds one here and keeps the older ones.
inline constexpr std::array<const char*, 0> kMigrations{};
/// Of the tables that create_tables() makes.
inline constexpr std::uint64_t kSchemaVersion = 1 + kMigrations.size();

/// 0: a database without tables.
Result<std::uint64_t> schema_version(Database& database);
MaybeTrouble create_tables(Database& database);
/// Takes the steps that `version` lacks, each in a transaction with its number: a broker that dies between two goes on
/// with the next.
MaybeTrouble migrate(Database& database, std::uint64_t version, std::span<const char* const> steps);
/// What to tell who meets an index of another version than this broker's.
Error unknown_version(const Database& database, std::uint64_t version);

}  // namespace brigade::broker
