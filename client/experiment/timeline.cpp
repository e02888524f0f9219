#include "client/experiment/timeline.h"

#include <algorithm>
#include <map>

#include "client/experiment/summary.h"

namespace brigade::experiment {
namespace {

constexpr std::size_t kWaitsMax = 200;  // tasks per cell whose waits are drawn

struct Lane {
  std::string name;
  double free_at = 0;
  std::vector<const TimelineEvent*> events;
};

/// Each event goes into the first lane of its worker that is free. REQUIRES: events by start.
std::vector<Lane> lanes_of(const std::vector<TimelineEvent>& events) {
  constexpr double kSlackMs = 1;  // starts are known to a millisecond
  std::map<std::string, std::vector<Lane>> workers;
  for (const TimelineEvent& event : events) {
    std::vector<Lane>& lanes = workers[event.worker];
    auto lane = std::find_if(lanes.begin(), lanes.end(),
                             [&event](const Lane& each) { return each.free_at <= event.start_ms + 1e-6; });
    if (lane == lanes.end() && event.run_ms > kSlackMs)  // rather a lane that ends a hair later than one too many
      lane = std::find_if(lanes.begin(), lanes.end(),
                          [&event](const Lane& each) { return each.free_at <= event.start_ms + kSlackMs; });
    if (lane == lanes.end()) {
      lanes.push_back({event.worker + " slot " + std::to_string(lanes.size())});
      lane = lanes.end() - 1;
    }
    lane->free_at = event.start_ms + event.run_ms;
    lane->events.push_back(&event);
  }
  std::vector<Lane> all;
  for (auto& [worker, lanes] : workers)
    for (Lane& lane : lanes) all.push_back(std::move(lane));
  return all;
}

Json name_event(const char* what, std::size_t process, std::size_t thread, const std::string& name) {
  return {{"name", what}, {"ph", "M"}, {"pid", process}, {"tid", thread}, {"args", {{"name", name}}}};
}

/// A stretch of one task's life as an asynchronous event.
void add_wait(Json& events, std::size_t process, const TimelineEvent& task, const char* name, double from, double to) {
  if (to <= from) return;
  const std::string id = std::to_string(process) + "-" + std::to_string(task.index);
  events.push_back({{"name", name},
                    {"cat", "task"},
                    {"ph", "b"},
                    {"id", id},
                    {"pid", process},
                    {"tid", 0},
                    {"ts", from * 1e3},
                    {"args", {{"task", task.index}}}});
  events.push_back(
      {{"name", name}, {"cat", "task"}, {"ph", "e"}, {"id", id}, {"pid", process}, {"tid", 0}, {"ts", to * 1e3}});
}

void add_cell(Json& events, std::size_t process, const std::vector<TimelineEvent>& timeline) {
  const std::vector<Lane> lanes = lanes_of(timeline);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    events.push_back(name_event("thread_name", process, i + 1, lanes[i].name));
    for (const TimelineEvent* task : lanes[i].events)
      events.push_back({{"name", "task " + std::to_string(task->index)},
                        {"cat", "run"},
                        {"ph", "X"},
                        {"pid", process},
                        {"tid", i + 1},
                        {"ts", task->start_ms * 1e3},
                        {"dur", task->run_ms * 1e3}});
  }
  for (std::size_t i = 0; i < std::min(kWaitsMax, timeline.size()); ++i) {
    const TimelineEvent& task = timeline[i];
    add_wait(events, process, task, "until leased", 0, task.leased_ms);
    add_wait(events, process, task, "in the worker", task.leased_ms, task.start_ms);
    add_wait(events, process, task, "running", task.start_ms, task.start_ms + task.run_ms);
    add_wait(events, process, task, "returning", task.start_ms + task.run_ms, task.seen_ms);
  }
}

}  // namespace

Json timeline_json(const std::vector<TimelineEvent>& events) {
  Json lanes = Json::array();
  for (const Lane& lane : lanes_of(events)) {
    Json json{{"name", lane.name}, {"events", Json::array()}};
    for (const TimelineEvent* event : lane.events)
      json["events"].push_back({event->start_ms, event->run_ms, event->index});
    lanes.push_back(std::move(json));
  }
  return {{"lanes", std::move(lanes)}};
}

Json trace_json(const Measured& measured) {
  Json events = Json::array();
  std::size_t process = 0;
  for (const Cell& cell : measured.manifest.cells) {
    ++process;
    for (const RunDetails& details : measured.details) {
      if (details.cell != cell.id || details.timeline.empty()) continue;
      events.push_back(name_event("process_name", process, 0, cell.workload + ": " + words_for(cell)));
      add_cell(events, process, details.timeline);
      break;
    }
  }
  return {{"displayTimeUnit", "ms"}, {"traceEvents", std::move(events)}};
}

}  // namespace brigade::experiment
