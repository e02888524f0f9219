// An index of an older broker becomes one of this broker's version, step by step, whatever happens between two steps.
#include "broker/store/schema.h"

#include <array>

#include "tests/unit/store_support.h"

namespace brigade::broker {
namespace {

/// As if this broker's version were 4.
constexpr std::array<const char*, 3> kSteps{"CREATE TABLE two(x); INSERT INTO two VALUES(2)",
                                            "ALTER TABLE two ADD COLUMN y; UPDATE two SET y=x+1",
                                            "CREATE TABLE four(z)"};

class StoreSchema : public ::testing::Test {
 protected:
  StoreSchema() {
    const auto file = folder_.path() / "index.sqlite";
    std::ofstream{file};
    auto opened = Database::open(file, Access::read_write);
    require(bool(opened));
    database_ = *std::move(opened);
    require(!database_->run("PRAGMA user_version=1"));
  }
  std::uint64_t version() {
    const auto version = schema_version(*database_);
    return version ? *version : 99;
  }
  std::uint64_t ask(const char* sql) {
    Statement statement(*database_, sql);
    Rows rows(statement);
    return rows.next() ? rows.number(0) : 99;
  }

  TemporaryFolder folder_;
  std::unique_ptr<Database> database_;
};

TEST_F(StoreSchema, TakesEachStepThatIsMissing) {
  EXPECT_FALSE(migrate(*database_, 1, kSteps));
  EXPECT_EQ(version(), 4U);
  EXPECT_EQ(ask("SELECT y FROM two"), 3U);
}

TEST_F(StoreSchema, GoesOnWhereAnotherStopped) {
  EXPECT_FALSE(migrate(*database_, 1, std::span(kSteps).first(1)));
  EXPECT_EQ(version(), 2U);
  EXPECT_FALSE(migrate(*database_, 2, kSteps));
  EXPECT_EQ(version(), 4U);
  EXPECT_EQ(ask("SELECT count(*) FROM two"), 1U);
}

TEST_F(StoreSchema, LeavesWhatIsUpToDateAlone) {
  EXPECT_FALSE(migrate(*database_, 4, kSteps));
  EXPECT_EQ(version(), 1U);
}

TEST_F(StoreSchema, StaysAsItWasBeforeAStepThatFails) {
  const std::array<const char*, 2> steps{kSteps[0], "UPDATE two SET x=7; UPDATE nowhere SET x=1"};
  EXPECT_TRUE(migrate(*database_, 1, steps));
  EXPECT_EQ(version(), 2U);
  EXPECT_EQ(ask("SELECT x FROM two"), 2U);
  EXPECT_FALSE(database_->in_transaction());
}

TEST_F(StoreSchema, MakesTheTablesOfTheLatestVersion) {
  EXPECT_FALSE(create_tables(*database_));
  EXPECT_EQ(version(), kSchemaVersion);
  EXPECT_EQ(ask("SELECT count(*) FROM jobs"), 0U);
}

TEST_F(StoreSchema, TellsWhoMeetsAnotherVersionWhatToDo) {
  EXPECT_NE(unknown_version(*database_, kSchemaVersion + 1).message.find("made by a newer broker"), std::string::npos);
  EXPECT_NE(unknown_version(*database_, kSchemaVersion - 1).message.find("Start this broker"), std::string::npos);
}

}  // namespace
}  // namespace brigade::broker
