"""Values of tens of MB: they go through broker and client in parts, and neither holds them whole for long."""

import hashlib
import json
import math
import subprocess
import sys
import unittest

import support

N = 3_000_000  # 18 MB of decimal digits, 10 MB in binary
# What a client has in code, threads and messages on their way; its value alone would be as much again.
CLIENT_BYTES = (40 << 20) * support.MEMORY_FACTOR


# A process counts what it had before it became another program, so the client's parent has to be a small one.
MEASURE = """
import os, sys
if (child := os.fork()) == 0:
    os.execv(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
open(sys.argv[1], "w").write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak_bytes(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no peak in the status")


def digits_of(n):
    return math.floor(math.lgamma(n + 1) / math.log(10)) + 1


class LargeValues(support.BrigadeTest):
    def setUp(self):
        super().setUp()
        self.served = self.broker("--memory", "32MiB")
        self.worker(self.served)

    def run_client(self, *arguments, stdout=subprocess.DEVNULL):
        """Runs the client to its end; returns the most memory that it had."""
        told = self.home / "peak"
        command = [sys.executable, "-I", "-S", "-c", MEASURE, told, support.BIN / "brigade", *arguments]
        done = subprocess.run(list(map(str, command)), stdout=stdout, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                              env=dict(self.env, BRIGADE_BROKER=self.served.endpoint), timeout=support.LIMIT_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        return int(told.read_text()) * 1024

    def check(self, text):
        result = json.loads(text)
        result = result["results"][0] if "results" in result else result
        self.assertEqual(result["result"]["digits"], digits_of(N))
        decimal = result["result"]["decimal"]
        self.assertEqual(len(decimal), digits_of(N))
        digest = self.results("run", "factorial", N, "--as", "digest", broker=self.served)[0]
        self.assertEqual(hashlib.sha256(decimal.encode()).hexdigest(), digest["result"]["sha256"])

    def test_goes_to_a_file_without_being_held(self):
        out = self.home / "out.ndjson"
        self.assertLess(self.run_client("run", "factorial", N, "--out", out), CLIENT_BYTES)
        self.check(out.read_text())
        size = out.stat().st_size
        bound = (2 * size + (16 << 20)) * support.MEMORY_FACTOR  # one value and what it is made of
        self.assertLess(peak_bytes(self.served.process.pid), bound)

    def test_goes_through_a_pipe_as_one_document(self):
        with open(self.home / "out.json", "wb") as file:
            cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=file)
            peak = self.run_client("run", "factorial", N, "-o", "json", stdout=cat.stdin)
            cat.stdin.close()
            self.assertEqual(cat.wait(support.LIMIT_S), 0)
        self.assertLess(peak, CLIENT_BYTES)
        self.check((self.home / "out.json").read_text())

    def test_are_read_among_others_in_either_order(self):
        numbers = [10, 1_000_000, 20, 1_000_001, 30]  # above and below what travels whole, as hex: 4.6 MB
        for order in ("input", "completion"):
            results = self.results("run", "factorial", *numbers, "--as", "hex", "--order", order, broker=self.served)
            self.assert_complete(results, len(numbers))
            for result in results:
                value = int(result["result"]["hex"], 16)
                self.assertEqual(value % (2**61 - 1), product_modulo(numbers[result["index"]], 2**61 - 1))


class Memory(support.BrigadeTest):
    def test_of_a_factorial_is_known_and_kept_to(self):
        plan = json.loads(self.brigade("run", "factorial", "10", N, "--dry-run", "-o", "json").stdout)
        self.assertEqual((plan["tasks"], plan["largest"]), (2, N))
        self.assertEqual(plan["digits_of_largest"], digits_of(N))
        self.assertLess(abs(plan["result_bytes"] - digits_of(N)), 100)
        served = self.broker()
        self.worker(served, "--memory", "32MiB")
        results = self.results("run", "factorial", "10", N, broker=served, code=1)
        self.assertEqual([result["status"] for result in results], ["ok", "failed"])
        self.assertEqual(results[1]["error"]["code"], "too_large")
        self.assertIn("this worker may use 32 MiB", results[1]["error"]["message"])

    def test_a_dry_run_of_other_kinds_counts_tasks_and_arguments(self):
        plan = json.loads(self.brigade("run", "echo", "one", "two", "--dry-run", "-o", "json").stdout)
        self.assertEqual(plan, {"kind": "echo", "tasks": 2, "argument_bytes": 6})
        self.assertIn("1,000 tasks of noop", self.brigade("run", "noop", "1..1000", "--dry-run", "-o", "table").stdout)


def product_modulo(n, modulus):
    product = 1
    for k in range(2, n + 1):
        product = product * k % modulus
    return product


if __name__ == "__main__":
    unittest.main()
