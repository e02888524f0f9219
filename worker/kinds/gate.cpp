#include "worker/kinds/gate.h"

#include <algorithm>
#include <condition_variable>
#include <memory>

namespace brigade::worker {

Target target_of(std::string name) {
  std::uint64_t hash = 0xCBF2'9CE4'8422'2325;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x0000'0100'0000'01B3;
  return {TargetId{hash}, std::move(name)};
}

PermitGate::Line& PermitGate::line_of(const Question& question) {
  Line& line = lines_[{question.job, question.target.id}];
  line.news.job = question.job;
  line.news.target = question.target;
  line.news.counted = question.counted;
  return line;
}

void PermitGate::note(const Key& key, Line& line) {
  if (std::exchange(line.noted, true)) return;
  noted_.push_back(key);
  if (noted_.size() == 1) wake_.signal();
}

PermitGate::Ticket PermitGate::ask(Question question, std::function<void()> answered) {
  const std::lock_guard lock(mutex_);
  const Ticket ticket = ++last_ticket_;
  Line& line = line_of(question);
  if (question.again)
    line.waiting.push_front(ticket);
  else
    line.waiting.push_back(ticket);
  ++line.news.wanted;
  note({question.job, question.target.id}, line);
  tickets_.emplace(ticket, Waiter{std::move(question), std::move(answered), {}});
  return ticket;
}

PermitGate::Reply PermitGate::reply(Ticket ticket) {
  const std::lock_guard lock(mutex_);
  const auto node = tickets_.extract(ticket);
  return node.mapped().reply;
}

/// REQUIRES: it waits.
void PermitGate::leave(Ticket ticket, const Waiter& waiter) {
  Line& line = line_of(waiter.question);
  std::erase(line.waiting, ticket);
  ++line.news.unwanted;
  note({waiter.question.job, waiter.question.target.id}, line);
}

void PermitGate::stop(Ticket ticket) {
  std::function<void()> answered;
  {
    const std::lock_guard lock(mutex_);
    const auto it = tickets_.find(ticket);
    if (it == tickets_.end() || !it->second.answered) return;
    leave(ticket, it->second);
    answered = std::exchange(it->second.answered, nullptr);
  }
  answered();
}

void PermitGate::ended(const Question& question) {
  if (!question.counted) return;
  const std::lock_guard lock(mutex_);
  Line& line = line_of(question);
  ++line.news.ended;
  note({question.job, question.target.id}, line);
}

void PermitGate::hold(const Question& question, Duration wait) {
  const std::lock_guard lock(mutex_);
  Line& line = line_of(question);
  line.news.hold = std::max(line.news.hold, std::min(wait, kHoldMax));
  note({question.job, question.target.id}, line);
}

Runs PermitGate::withdraw(LeaseId lease) {
  Runs runs;
  std::vector<std::function<void()>> answered;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [ticket, waiter] : tickets_) {
      if (waiter.question.lease != lease || !waiter.question.first || !waiter.answered) continue;
      runs.push_back({waiter.question.index, 1});
      waiter.reply.answer = Answer::withdrawn;
      leave(ticket, waiter);
      answered.push_back(std::exchange(waiter.answered, nullptr));
    }
  }
  for (const auto& call : answered) call();
  return runs;
}

void PermitGate::admit(JobId job, TargetId target, std::uint32_t count, Instant first, Duration spacing) {
  std::vector<std::function<void()>> answered;
  {
    const std::lock_guard lock(mutex_);
    const auto entry = lines_.find({job, target});
    if (entry == lines_.end()) return;  // its job was aborted
    Line& line = entry->second;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (line.waiting.empty()) {  // it left, and the loop has not heard of that yet: the permit comes back instead
        if (line.news.unwanted == 0) break;
        --line.news.unwanted;
        ++line.news.ended;
        continue;
      }
      Waiter& waiter = tickets_.at(line.waiting.front());
      line.waiting.pop_front();
      waiter.reply = {Answer::permit, first + spacing * static_cast<std::int64_t>(i)};
      answered.push_back(std::exchange(waiter.answered, nullptr));
    }
    if (line.waiting.empty() && !line.noted) lines_.erase(entry);
  }
  for (const auto& call : answered) call();
}

std::vector<PermitGate::News> PermitGate::collect() {
  std::vector<News> all;
  const std::lock_guard lock(mutex_);
  if (noted_.empty()) return all;
  wake_.clear();
  for (const Key& key : std::exchange(noted_, {})) {
    const auto entry = lines_.find(key);
    Line& line = entry->second;
    line.noted = false;
    all.push_back(std::exchange(line.news, News{}));
    if (line.waiting.empty()) lines_.erase(entry);
  }
  return all;
}

void TaskPermits::begin_to_wait() {
  since_ = base::monotonic_now();
  edge_.waits();
}

void TaskPermits::go_on() {
  const Duration waited = base::monotonic_now() - since_;
  waited_ += waited;
  edge_.goes_on(waited);
}

void TaskPermits::begin(const Target& target) {
  question_.target = target;
  question_.again = false;
  begin_to_wait();
}

bool TaskPermits::may_go(const PermitGate::Reply& reply) {
  if (base::monotonic_now() - reply.from <= gate_->permits_last()) return true;
  gate_->ended(question_);
  question_.again = true;
  return false;
}

bool TaskPermits::over(PermitGate::Answer answer) {
  holding_ = answer == PermitGate::Answer::permit;
  withdrawn_ = answer == PermitGate::Answer::withdrawn;
  question_.first &= !holding_;
  go_on();
  return holding_;
}

void TaskPermits::ended() {
  if (std::exchange(holding_, false)) gate_->ended(question_);
}

bool TaskPermits::pass(const Target& target, const std::stop_token& stop) {
  struct Waiting {
    std::mutex mutex;
    std::condition_variable answered;
    bool done = false;
  };
  begin(target);
  while (true) {
    const auto waiting = std::make_shared<Waiting>();
    const PermitGate::Ticket ticket = ask([waiting] {
      const std::lock_guard lock(waiting->mutex);
      waiting->done = true;
      waiting->answered.notify_one();
    });
    const std::stop_callback on_stop(stop, [this, ticket] { gate_->stop(ticket); });
    std::unique_lock lock(waiting->mutex);
    waiting->answered.wait(lock, [&] { return waiting->done; });
    const PermitGate::Reply reply = gate_->reply(ticket);
    if (reply.answer != PermitGate::Answer::permit) return over(reply.answer);
    waiting->answered.wait_for(lock, reply.from - base::monotonic_now(), [] { return false; });
    if (may_go(reply)) return over(reply.answer);
  }
}

}  // namespace brigade::worker
