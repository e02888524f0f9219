#include "broker/store/job_rows.h"

#include <algorithm>

#include "broker/store/pack.h"
#include "proto/wire/codec.h"

namespace brigade::broker {
namespace {

/// The three texts of a row have keys of their own, so that one in another's place is noticed.
enum class Part : std::uint64_t { opened = 1, sealed = 2, finished = 3 };

RowKey key_of(std::uint64_t job, Part part) {
  return {.job = job, .number = static_cast<std::uint64_t>(part)};
}

}  // namespace

std::string pack(std::uint64_t job, const JobOpened& opened) {
  Packer packer;
  packer.number(opened.job.high);
  packer.number(opened.job.low);
  packer.text(opened.client);
  packer.signed_number(opened.opened_at.value);
  packer.text(wire::encode_spec(opened.spec));
  return packer.seal(key_of(job, Part::opened));
}

std::optional<JobOpened> unpack_opened(std::uint64_t job, std::string_view packed) {
  auto unpacker = Unpacker::open(packed, key_of(job, Part::opened));
  if (!unpacker) return std::nullopt;
  JobOpened opened;
  opened.job.high = unpacker->number();
  opened.job.low = unpacker->number();
  opened.client = unpacker->text();
  opened.opened_at.value = unpacker->signed_number();
  auto spec = wire::decode_spec(unpacker->text());
  if (!spec || !unpacker->whole()) return std::nullopt;
  opened.spec = *std::move(spec);
  return opened;
}

std::string pack(std::uint64_t job, const JobSealed& sealed) {
  Packer packer;
  packer.number(sealed.tasks);
  packer.signed_number(sealed.accepted_at.value);
  packer.text({reinterpret_cast<const char*>(sealed.hash.data()), sealed.hash.size()});
  return packer.seal(key_of(job, Part::sealed));
}

std::optional<JobSealed> unpack_sealed(std::uint64_t job, JobId id, std::string_view packed) {
  auto unpacker = Unpacker::open(packed, key_of(job, Part::sealed));
  if (!unpacker) return std::nullopt;
  JobSealed sealed;
  sealed.job = id;
  sealed.tasks = unpacker->number();
  sealed.accepted_at.value = unpacker->signed_number();
  const std::string_view hash = unpacker->text();
  if (!unpacker->whole() || hash.size() != sealed.hash.size()) return std::nullopt;
  std::copy(hash.begin(), hash.end(), reinterpret_cast<char*>(sealed.hash.data()));
  return sealed;
}

std::string pack(std::uint64_t job, const JobFinished& finished) {
  Packer packer;
  packer.text(wire::encode_summary(finished.summary));
  return packer.seal(key_of(job, Part::finished));
}

std::optional<JobFinished> unpack_finished(std::uint64_t job, JobId id, std::string_view packed) {
  auto unpacker = Unpacker::open(packed, key_of(job, Part::finished));
  if (!unpacker) return std::nullopt;
  auto summary = wire::decode_summary(unpacker->text());
  if (!summary || !unpacker->whole()) return std::nullopt;
  return JobFinished{.job = id, .summary = *std::move(summary)};
}

}  // namespace brigade::broker
