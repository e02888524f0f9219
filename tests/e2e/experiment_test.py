"""Experiments with real clusters: the figures are those of the raw points, and what is interrupted goes on."""

import csv
import statistics

from support import *

SCHEMA = pathlib.Path(__file__).parents[2] / "docs" / "experiment.schema.json"
FILES = ["results.csv", "results.ndjson", "summary.json", "trace.json", "report.html"]
TYPES = {"object": dict, "array": list, "string": str, "number": (int, float), "integer": int, "boolean": bool}


def violations(value, schema, root, path="summary"):
    """What of a JSON schema does not hold: the part of the language that ours uses."""
    if "$ref" in schema:
        return violations(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root, path)
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or isinstance(value, bool) != (kind == "boolean")):
        return [f"{path} is no {kind}: {value!r:.80}"]
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        return [f"{path} is {value!r}"]
    found = []
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{path}.{name} is missing" for name in schema.get("required", []) if name not in value]
        for name, member in value.items():
            rest = schema.get("additionalProperties", True)
            rule = known.get(name, rest)
            if rule is False:
                found.append(f"{path}.{name} is not in the schema")
            elif isinstance(rule, dict):
                found += violations(member, rule, root, f"{path}.{name}")
    if isinstance(value, list) and "items" in schema:
        for i, each in enumerate(value):
            found += violations(each, schema["items"], root, f"{path}[{i}]")
    return found


def page_data(page):
    return json.loads(re.search(r'id="brigade-data">(.*?)</script>', page.read_text(), re.S).group(1))


class Experiments(BrigadeTest):
    def setUp(self):
        super().setUp()
        self.folder = self.home / "results"

    def experiment(self, *arguments, **how):
        return self.brigade("experiment", *arguments, "--results", self.folder, **how)

    def rows(self):
        with open(self.folder / "results.csv", newline="") as file:
            return list(csv.DictReader(file))

    def summary(self):
        return json.loads((self.folder / "summary.json").read_text())

    def assert_recomputed(self):
        """summary.json says what follows from results.csv."""
        summary, rows = self.summary(), self.rows()
        self.assertEqual(violations(summary, schema := json.loads(SCHEMA.read_text()), schema), [])
        medians = {}
        for cell in summary["cells"]:
            mine = [row for row in rows if row["cell"] == cell["id"]]
            seconds = [float(row["seconds"]) for row in mine]
            self.assertEqual(cell["seconds"], seconds)
            medians[cell["id"]] = statistics.median(seconds)
            self.assertAlmostEqual(cell["median_s"], medians[cell["id"]], 12)
            self.assertTrue(min(seconds) <= cell["low_s"] <= cell["median_s"] <= cell["high_s"] <= max(seconds))
            self.assertAlmostEqual(cell["tasks_per_s"] * medians[cell["id"]], int(mine[0]["tasks"]), 6)
            self.assertEqual(cell["failed"], sum(int(row["failed"]) for row in mine))
            self.assertEqual({row["mode"] for row in mine}, {cell["mode"]})
        for cell in summary["cells"]:
            reference = next(each for each in summary["cells"] if each["id"] == cell["reference"])
            rates = [statistics.median(each["tasks"] / second for second in each["seconds"])
                     for each in (cell, reference)]
            self.assertAlmostEqual(cell["speedup"]["value"], rates[0] / rates[1], 9)
        return summary, rows

    def test_a_grid_is_measured_and_its_figures_follow_from_the_raw_points(self):
        done = self.experiment("noop", "0..999", "--workers", "1,2", "--threads", 1, "--repeat", 3, "--warmup", 0)
        self.assertEqual([(self.folder / name).exists() for name in FILES], [True] * len(FILES))
        summary, rows = self.assert_recomputed()
        self.assertEqual({cell["id"] for cell in summary["cells"]},
                         {"serial", "threads-w1-t1", "threads-w2-t1", "processes-w1", "processes-w2",
                          "coroutines-w1-c256", "coroutines-w2-c256"})
        self.assertEqual((summary["complete"], len(rows)), (True, 21))
        printed = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([row["seconds"] for row in printed], [float(row["seconds"]) for row in rows])
        self.assertEqual(printed, [json.loads(line) for line in
                                   (self.folder / "results.ndjson").read_text().splitlines()])
        for cell in summary["cells"]:
            self.assertEqual(len(cell["latency_ms"]), 101)
            self.assertGreater(sum(len(lane["events"]) for lane in cell["timeline"]["lanes"]), 0)
        trace = json.loads((self.folder / "trace.json").read_text())["traceEvents"]
        self.assertEqual(len({event["pid"] for event in trace}), 7)
        self.assertTrue(page_data(self.folder / "report.html") == {"runs": [summary]}, "the page has the summary")
        again = self.brigade("report", self.folder, self.folder, "--out", self.home / "both.html", "-o", "json")
        self.assertTrue(json.loads(again.stdout) == {"runs": [summary, summary]}, "it is made anew as it was")
        self.assertTrue(page_data(self.home / "both.html") == {"runs": [summary, summary]}, "both are in the page")

    def test_an_interrupted_experiment_goes_on_where_it_was(self):
        running = self.start("brigade", "experiment", "sleep", "20ms", "--count", 10, "--modes", "threads,coroutines",
                             "--workers", "1,2", "--repeat", 3, "--warmup", 0, "--progress", "plain", "--private",
                             "--results", self.folder)
        running.wait_for(r"\[2/12\]")
        children = descendants(running.pid)
        running.signal(signal.SIGINT)
        self.assertEqual(running.wait(), 130, running.text())
        self.assertIn("--resume", running.text())
        eventually(lambda: not any(alive(child) for child in children), "nothing is left")
        before = self.rows()
        self.assertTrue(2 <= len(before) < 12)
        self.assertFalse(self.summary()["complete"])
        self.brigade("experiment", "--resume", self.folder, "-o", "quiet")
        summary, rows = self.assert_recomputed()
        self.assertEqual((rows[:len(before)], len(rows), summary["complete"]), (before, 12, True))
        self.assertEqual(len({(row["cell"], row["repeat"]) for row in rows}), 12)

    def test_a_dry_run_prints_the_plan_and_leaves_nothing(self):
        done = self.experiment("spin", "1s", "--count", 60, "--modes", "serial", "--repeat", 2, "--dry-run", "-o",
                               "json")
        plan = json.loads(done.stdout)
        self.assertEqual([cell["id"] for cell in plan["cells"]], ["serial"])
        self.assertTrue(240 <= plan["estimate_seconds"] < 250, plan["estimate_seconds"])  # 60 x 2 repeats x (1 + 1)
        self.assertFalse(self.folder.exists())

    def test_python_does_the_same_work(self):
        self.experiment("factorial", "100..150", "--modes", "serial", "--baseline", "python", "--baseline-modes",
                        "sequential,multiprocessing", "--workers", 2, "--repeat", 1, "--warmup", 0)
        summary, rows = self.assert_recomputed()
        self.assertEqual([(cell["runner"], cell["mode"], cell["failed"]) for cell in summary["cells"]],
                         [("brigade", "serial", 0), ("python", "sequential", 0), ("python", "multiprocessing", 0)])
        self.assertRegex(summary["machine"]["versions"]["python"], r"^3\.")

    def test_a_broker_that_is_there_is_measured_with_all_its_workers(self):
        broker = self.broker()
        for name in ("one", "two"):
            self.worker(broker, "--threads", 3, "--io-concurrency", 5, name=name)
        pids = {name: worker["pid"] for name, worker in self.workers(broker).items()}
        self.experiment("noop", "0..99", "--repeat", 1, broker=broker)
        self.assertEqual([cell["id"] for cell in self.summary()["cells"]],
                         ["serial", "threads-w2-t3", "processes-w2", "coroutines-w2-c5"])
        self.assertEqual({name: worker["pid"] for name, worker in self.workers(broker).items()}, pids)
        self.assertEqual(self.brigade("jobs", "-o", "ndjson", broker=broker).stdout, "")  # it has cleared up

    def shared_broker(self, **threads):
        broker = self.broker()
        for name in ("one", "two", "three"):
            self.worker(broker, "--threads", threads.get(name, 2), "--io-concurrency", 4, name=name)
        return broker

    def test_a_cell_uses_no_more_of_a_brokers_workers_than_it_says(self):
        broker = self.shared_broker()
        pids = {name: worker["pid"] for name, worker in self.workers(broker).items()}
        other = self.brigade("submit", "-o", "quiet", "sleep", "1h", "--mode", "coroutines",
                             broker=broker).stdout.strip()
        self.experiment("sleep", "5ms", "--count", 60, "--workers", "1,2", "--threads", "1,2", "--io-concurrency", 3,
                        "--repeat", 2, "--warmup", 1, broker=broker)
        rows = [json.loads(line) for line in (self.folder / "results.ndjson").read_text().splitlines()]
        self.assertEqual({row["cell"] for row in rows},
                         {"serial", "threads-w1-t1", "threads-w1-t2", "threads-w2-t1", "threads-w2-t2", "processes-w1",
                          "processes-w2", "coroutines-w1-c3", "coroutines-w2-c3"})
        for row in rows:
            with self.subTest(row["cell"]):
                self.assertLessEqual(len(row["worker_names"]), row["workers"])
                at_once = row["workers"] * (row["io_concurrency"] or row["threads"])
                self.assertGreaterEqual(row["seconds"], 60 * 0.005 / at_once)
        self.assertEqual({name: worker["pid"] for name, worker in self.workers(broker).items()}, pids)
        self.assertEqual(self.job(other, broker)["running"], 1)
        self.assertEqual(len(self.brigade("jobs", "-o", "ndjson", broker=broker).stdout.splitlines()), 1)
        self.assertIn("others may use", self.summary()["warnings"][0])

    def test_what_a_broker_has_not_is_refused_before_anything_runs(self):
        broker = self.shared_broker(three=1)
        for arguments, said in ((["--workers", "1,4"], "threads-w4-t2 takes 4 workers with 1 thread each"),
                                (["--workers", "4"], "one (2 threads, 4 transfers)"),
                                (["--threads", "2"], "threads-w3-t2 takes 3 workers with 2 threads each"),
                                (["--workers", "2", "--threads", "1,3"], "brigade-worker --broker"),
                                (["--io-concurrency", "5"], "--private"),
                                (["--workers", "0"], "1..1024")):
            for dry in ([], ["--dry-run"]):
                with self.subTest(arguments):
                    refused = self.experiment("noop", "0..9", *arguments, *dry, broker=broker, code=2)
                    self.assertIn(said, refused.stderr)
                    self.assertFalse(self.folder.exists())
        plan = json.loads(self.experiment("noop", "0..9", "--workers", "3", "--threads", "1", "--modes", "threads",
                                          "--dry-run", "-o", "json", broker=broker).stdout)
        self.assertEqual([cell["id"] for cell in plan["cells"]], ["threads-w3-t1"])
        self.assertEqual(self.brigade("jobs", "-o", "ndjson", broker=broker).stdout, "")

    def test_an_interrupt_cancels_the_job_on_the_broker_and_the_rest_goes_on_there_only(self):
        broker = self.shared_broker()
        running = self.start("brigade", "experiment", "sleep", "1h", "--modes", "threads", "--workers", 2, "--threads",
                             1, "--repeat", 1, "--warmup", 0, "--results", self.folder, "--broker", broker.endpoint)
        eventually(lambda: sum(worker["leases"] for worker in self.workers(broker).values()) > 0, "it runs")
        self.assertIn("experiment threads-w2-t1", self.brigade("jobs", "-o", "ndjson", broker=broker).stdout)
        running.signal(signal.SIGINT)
        self.assertEqual(running.wait(), 130, running.text())
        self.assertIn("is cancelled", running.text())
        self.assertEqual(self.brigade("jobs", "-o", "ndjson", broker=broker).stdout, "")
        self.assertEqual([worker["leases"] for worker in self.workers(broker).values()], [0, 0, 0])
        asked = ["sleep", "1h", "--modes", "threads", "--workers", 2, "--threads", 1, "--repeat", 1, "--warmup", 0]
        refused = self.brigade("experiment", *asked, "--private", "--resume", self.folder, code=2)
        self.assertIn("name it with --broker", refused.stderr)

    def test_an_experiment_on_a_broker_goes_on_there(self):
        broker = self.shared_broker()
        self.experiment("sleep", "1ms", "--count", 9, "--modes", "threads", "--workers", "1,2", "--threads", 1,
                        "--repeat", 2, "--broker", broker.endpoint)
        rows = (self.folder / "results.ndjson").read_text()
        (self.folder / "results.ndjson").write_text("".join(rows.splitlines(keepends=True)[:2]))
        self.brigade("experiment", "--resume", self.folder, "-o", "quiet")
        self.assertEqual(len(self.rows()), 4)

    def test_a_list_that_has_changed_is_noticed(self):
        words = self.home / "words.txt"
        words.write_text("one\ntwo\n")
        asked = ["echo", "--from", words, "--modes", "serial", "--repeat", 1]
        self.experiment(*asked)
        self.brigade("experiment", *asked, "--resume", self.folder)
        words.write_text("one\nTWO\n")
        for again in (asked, []):
            refused = self.brigade("experiment", *again, "--resume", self.folder, code=2)
            self.assertIn("belongs to another experiment", refused.stderr)
            self.assertIn("has changed", refused.stderr)
        self.brigade("report", self.folder)

    def test_one_job_has_a_page_too(self):
        page = self.home / "page.html"
        self.brigade("run", "sleep", "1ms", "--count", 50, "--threads", 2, "--report", page, "-o", "quiet")
        [run] = page_data(page)["runs"]
        self.assertEqual(violations(run, schema := json.loads(SCHEMA.read_text()), schema), [])
        [cell] = run["cells"]
        self.assertEqual((cell["tasks"], cell["failed"], len(cell["latency_ms"])), (50, 0, 101))
        self.assertEqual(sum(len(lane["events"]) for lane in cell["timeline"]["lanes"]), 50)
        self.assertIn("cannot", self.brigade("run", "noop", "0..9", "--report", self.home / "no" / "page.html",
                                             code=2).stderr)

    def test_bad_input_is_exit_2_with_the_next_step(self):
        python = self.home / "python3"
        python.write_text("#!/bin/sh\nexec python3 -S \"$@\"\n")
        python.chmod(0o755)
        for arguments, said in ((["noop", "0..9", "--modes", "none"], "--baseline python"),
                                (["noop", "0..9", "--modes", "fibers"], "none of serial"),
                                (["noop", "0..9", "--workers", "1,,2"], "write for example"),
                                (["noop", "0..9", "--workers", "0"], "1..1024"),
                                (["noop", "0..9", "--modes", "processes", "--workers", "1000", "--sizes", "1"],
                                 "no size"),
                                (["factorial", "1..1000", "--modes", "threads", "--threads", "4096", "--workers",
                                  "1024"], "take at most --workers"),
                                (["noop", "0..9", "--tasks", "5", "--tasks-per-worker", "5"], "not both"),
                                (["noop", "0..9", "--baseline", "python", "--python", self.home / "none"],
                                 "leave out --baseline"),
                                (["fetch", "http://127.0.0.1/", "--baseline", "python", "--python", python],
                                 "install"),
                                (["article", "--tasks", "5"], "--fetches"),
                                ([], "brigade experiment factorial")):
            with self.subTest(arguments):
                self.assertIn(said, self.experiment(*arguments, code=2).stderr)
                self.assertFalse(self.folder.exists())

    def test_a_folder_of_another_experiment_is_refused(self):
        self.experiment("noop", "0..9", "--modes", "serial", "--repeat", 1)
        for how in ("--results", "--resume"):
            refused = self.brigade("experiment", "noop", "0..8", "--modes", "serial", "--repeat", 1, how, self.folder,
                                   code=2)
            self.assertIn("brigade experiment --resume" if how == "--resume" else "--resume", refused.stderr)
        self.assertIn("holds no experiment", self.brigade("report", self.home, code=2).stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
