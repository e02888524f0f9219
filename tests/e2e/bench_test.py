"""The runner's own figures: they are complete, they name who took part, and a lost worker spoils no result."""

import math

from support import *


def cpu_ticks(pid):
    """Clock ticks that a process has used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


class Benchmarks(BrigadeTest):
    def bench(self, *arguments, **how):
        return json.loads(self.brigade("bench", *arguments, "-o", "json", **how).stdout)

    def test_dispatch_of_a_range_and_of_columns(self):
        for arguments in ("range", "columns"):
            figures = self.bench("dispatch", "--tasks", 100_000, "--arguments", arguments, "--repeat", 2,
                                 "--workers", 2)
            self.assertEqual((figures["tasks"], len(figures["runs"]), len(figures["worker_pids"])), (100_000, 2, 2))
            self.assertEqual(len({figures["client_pid"], figures["broker_pid"], *figures["worker_pids"]}), 4)
            self.assertEqual(figures["configuration"]["arguments"], arguments)
            for name in ("seconds", "tasks_per_s", "p50_us", "p99_us", "broker_cpu_ns_per_task"):
                self.assertGreater(figures[name], 0, name)
            self.assertRegex(figures["checksum"], "^[0-9a-f]{16}$")

    def test_latency_by_tcp_and_with_a_store_that_syncs(self):
        figures = self.bench("latency", "--tasks", 20, "--repeat", 1, "--tcp", "--durable")
        self.assertEqual((figures["configuration"]["endpoint"], figures["configuration"]["durable"]), ("tcp", True))
        self.assertLessEqual(figures["p50_us"], figures["p99_us"])

    def test_factorials_in_both_forms_and_as_a_list(self):
        def residue(n):
            return math.factorial(n) % (2**61 - 1)

        for numbers, expected in ((["0..300"], range(301)), (["300..2:-2"], range(2, 301, 2)),
                                  (["7", "1000..1010", "7"], [7, *range(1000, 1011), 7])):
            for form in ("binary", "decimal"):
                figures = self.bench("factorial", *numbers, "--as", form, "--repeat", 2)
                self.assertEqual(int(figures["checksum"], 16), sum(map(residue, expected)) % 2**64)
                self.assertEqual((figures["tasks"], figures["configuration"]["numbers"]), (len(expected), numbers))
        self.assertIn("at most 65,536", self.brigade("bench", "factorial", "0..65536", code=2).stderr)
        self.assertIn("write 1000", self.brigade("bench", "factorial", "1e3", code=2).stderr)

    def test_a_queued_task_of_a_range_costs_next_to_nothing(self):
        figures = self.bench("memory", "--tasks", 1_000_000_000, "--repeat", 1)
        self.assertLess(figures["broker_bytes_per_task"], 0.2)

    def test_a_killed_worker_spoils_no_result(self):
        broker = self.broker()
        victim = self.worker(broker, name="victim")
        victim.signal(signal.SIGSTOP)  # it will hold what it is given
        bench = self.start("brigade", "bench", "dispatch", "--tasks", 1_000_000, "--repeat", 1, "-o", "json",
                           "--broker", broker.endpoint)
        self.await_lease(broker, "victim")
        self.worker(broker, name="other")
        victim.signal(signal.SIGKILL)
        self.assertEqual(bench.wait(), 0, bench.text())
        self.assertEqual(json.loads(bench.text())["tasks"], 1_000_000)
        self.assertEqual(self.brigade("jobs", "-o", "ndjson", broker=broker).stdout, "")  # it has cleared up

    def test_a_killed_private_broker_is_exit_3_and_ctrl_c_130(self):
        for end, code in ((lambda bench, broker: os.kill(broker, signal.SIGKILL), 3),
                          (lambda bench, broker: bench.signal(signal.SIGINT), 130)):
            bench = self.start("brigade", "bench", "dispatch", "--private", "--repeat", 1000, "-o", "json")
            children = eventually(lambda: len(descendants(bench.pid)) >= 2 and descendants(bench.pid), "it has started")
            broker = next(pid for pid in children
                          if b"brigade-broker" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())
            eventually(lambda: cpu_ticks(broker) > 20, "the broker is at work")
            end(bench, broker)
            self.assertEqual(bench.wait(), code, bench.text())
            eventually(lambda: not any(alive(child) for child in children), "nothing is left")

    def test_memory_is_refused_where_workers_would_run_the_tasks(self):
        broker = self.broker()
        self.worker(broker)
        self.assertIn("drain", self.brigade("bench", "memory", broker=broker, code=2).stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
