"""The main job: factorials and no-ops through real processes, by every output format."""

import csv
import hashlib
import io
import math
import sys

from support import *

sys.set_int_max_str_digits(0)


class Factorials(BrigadeTest):
    def test_three_large_ones_have_all_their_digits(self):
        results = self.results("run", "factorial", 100000, 100001, 100002)
        self.assertEqual([r["result"]["digits"] for r in results], [456574, 456579, 456584])
        value = math.factorial(100000)
        for result in results:
            n = result["args"]["n"]
            value *= n if n > 100000 else 1
            digits = result["result"]["decimal"]
            self.assertEqual(len(digits), result["result"]["digits"])
            # A residue by a large prime: the whole conversion to a string takes Python seconds.
            prime = 2**61 - 1
            residue = 0
            for at in range(0, len(digits), 1000):
                part = digits[at:at + 1000]
                residue = (residue * pow(10, len(part), prime) + int(part)) % prime
            self.assertEqual(residue, value % prime)
            self.assertTrue(digits.startswith("2824229407960347874293421578024535518477494926091224850578918086542977"
                                              if n == 100000 else ""))

    def test_digests_of_a_list_from_a_pipe_as_csv(self):
        numbers = "".join(f"{n}\n" for n in range(1, 1001))
        done = self.brigade("run", "factorial", "--from", "-", "--as", "digest", "-o", "csv", stdin=numbers)
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertEqual(len(rows), 1000)
        for row in rows:
            value = str(math.factorial(int(row["args.n"])))
            self.assertEqual(row["result.digest"], hashlib.sha256(value.encode()).hexdigest())
            self.assertEqual(int(row["result.digits"]), len(value))

    def test_each_form_tells_the_same_number(self):
        value = math.factorial(30)
        for form, field, expected in (("decimal", "decimal", str(value)), ("hex", "hex", f"{value:x}")):
            result, = self.results("run", "factorial", 30, "--as", form, "--verify")
            self.assertEqual(result["result"][field].lower(), expected)
        result, = self.results("run", "factorial", 30, "--as", "digits")
        self.assertEqual(result["result"], {"digits": len(str(value))})

    def test_a_range_with_a_step(self):
        results = self.results("run", "factorial", "10..20:5")
        self.assertEqual([int(r["result"]["decimal"]) for r in results], [math.factorial(n) for n in (10, 15, 20)])

    def test_json_is_one_document(self):
        document = json.loads(self.brigade("run", "factorial", "5..7", "-o", "json").stdout)
        self.assertEqual([r["result"]["decimal"] for r in document["results"]], ["120", "720", "5040"])
        self.assertEqual((document["job"]["tasks"], document["job"]["ok"], document["job"]["state"]), (3, 3, "done"))


class OtherKinds(BrigadeTest):
    def test_a_hundred_thousand_noops_answer_with_their_numbers(self):
        results = self.results("run", "noop", "0..99999")
        self.assertEqual([r["index"] for r in results], list(range(100000)))
        self.assertTrue(all(r["result"] == {"n": r["index"]} and r["status"] == "ok" for r in results))

    def test_echo_keeps_tags_and_lines(self):
        results = self.results("run", "echo", "--from", "-", stdin="# a comment\nalpha\tfirst\n\nbeta\n")
        self.assertEqual([(r["result"]["text"], r.get("tag"), r["line"]) for r in results],
                         [("alpha", "first", 2), ("beta", None, 4)])

    def test_sleep_and_spin_take_their_time(self):
        for kind in ("sleep", "spin"):
            result, = self.results("run", kind, "30ms")
            self.assertGreaterEqual(result["run_ms"], 29)

    def test_no_arguments_prints_a_short_help(self):
        done = self.brigade(code=2)
        self.assertIn("brigade run", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
