// A job's own row in the index: what came when it was opened, sealed and finished.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/store/store.h"

namespace brigade::broker {

std::string pack(std::uint64_t job, const JobOpened& opened);
std::string pack(std::uint64_t job, const JobSealed& sealed);
std::string pack(std::uint64_t job, const JobFinished& finished);

/// Nothing when the bytes are damaged.
std::optional<JobOpened> unpack_opened(std::uint64_t job, std::string_view packed);
std::optional<JobSealed> unpack_sealed(std::uint64_t job, JobId id, std::string_view packed);
std::optional<JobFinished> unpack_finished(std::uint64_t job, JobId id, std::string_view packed);

}  // namespace brigade::broker
