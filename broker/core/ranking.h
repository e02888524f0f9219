// Who is next: runnable jobs of one lane, the most deserving first.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "proto/model/ids.h"

namespace brigade::broker {

/// Clients that were given least go first; inside one client higher priorities, and among equal ones the job that was
/// given least. Every operation but a visit costs the logarithm of the number of jobs.
class Ranking {
 public:
  struct Standing {
    std::string client;
    double client_ms = 0;  ///< what the client was given, all its jobs together
    std::int32_t priority = 0;
    double job_ms = 0;  ///< what the job was given
  };

  /// Puts the job in, or where it now belongs; its client with all its jobs too.
  void put(JobId job, const Standing& standing);
  void remove(JobId job);
  /// The client was given something for a job that is not in here.
  void move_client(const std::string& client, double client_ms);

  bool contains(JobId job) const { return jobs_.contains(job); }
  bool empty() const { return jobs_.empty(); }
  std::size_t size() const { return jobs_.size(); }

  /// Calls visit(job), the most deserving first, until it returns true; then returns true. REQUIRES: only then does
  /// `visit` change the ranking.
  template <class Visit>
  bool visit(Visit&& visit) const {
    for (const auto& [client_ms, client] : order_)
      for (const auto& [priority, job_ms, job] : clients_.at(client).jobs)
        if (visit(job)) return true;
    return false;
  }

 private:
  using Place = std::tuple<std::int64_t, double, JobId>;  ///< priority, the highest first; what it was given; id
  struct Client {
    double given_ms = 0;
    std::set<Place> jobs;
  };
  struct Entry {
    std::string client;
    Place place;
  };

  std::map<std::string, Client> clients_;
  std::set<std::pair<double, std::string>> order_;
  std::unordered_map<JobId, Entry> jobs_;
};

}  // namespace brigade::broker
