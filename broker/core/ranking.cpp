#include "broker/core/ranking.h"

#include "proto/model/result.h"

namespace brigade::broker {

void Ranking::put(JobId job, const Standing& standing) {
  const Place place{-std::int64_t{standing.priority}, standing.job_ms, job};
  auto [entry, is_new] = jobs_.try_emplace(job, Entry{standing.client, place});
  require(entry->second.client == standing.client);
  auto [client, first] = clients_.try_emplace(standing.client, Client{standing.client_ms, {}});
  if (first) order_.emplace(standing.client_ms, standing.client);
  if (is_new) {
    client->second.jobs.insert(place);
  } else if (entry->second.place != place) {
    client->second.jobs.erase(entry->second.place);
    client->second.jobs.insert(place);
    entry->second.place = place;
  }
  move_client(standing.client, standing.client_ms);
}

void Ranking::remove(JobId job) {
  const auto entry = jobs_.find(job);
  if (entry == jobs_.end()) return;
  const auto client = clients_.find(entry->second.client);
  client->second.jobs.erase(entry->second.place);
  if (client->second.jobs.empty()) {
    order_.erase({client->second.given_ms, client->first});
    clients_.erase(client);
  }
  jobs_.erase(entry);
}

void Ranking::move_client(const std::string& name, double client_ms) {
  const auto client = clients_.find(name);
  if (client == clients_.end() || client->second.given_ms == client_ms) return;
  order_.erase({client->second.given_ms, name});
  client->second.given_ms = client_ms;
  order_.emplace(client_ms, name);
}

}  // namespace brigade::broker
