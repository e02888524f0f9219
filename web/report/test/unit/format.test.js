import assert from "node:assert/strict";
import {test} from "node:test";

import * as format from "../../src/format.js";

test("numbers have three significant digits, groups, and powers of ten at the extremes", () => {
  const written = [0, 1, 1234.5, 0.0123, -2.5, 1e300, -1e-9, NaN, undefined].map((each) => format.number(each));
  assert.deepEqual(written, ["0", "1.00", "1,235", "0.0123", "−2.50", "1.00 × 10³⁰⁰", "−1.00 × 10⁻⁹", "–", "–"]);
});

test("seconds take the unit in which they read well", () => {
  const written = [0, 0.000412, 0.00321, 1.3, 1234, 1e-12, null].map((each) => format.seconds(each));
  assert.deepEqual(written, ["0 s", "412 µs", "3.21 ms", "1.30 s", "1,234 s", "0.00100 ns", "–"]);
});

test("an interval says its unit once when both ends share it", () => {
  assert.equal(format.interval(1.2, 1.35, format.seconds), "1.20–1.35 s");
  assert.equal(format.interval(0.9, 1.1, format.seconds), "900 ms–1.10 s");
  assert.equal(format.interval(1.21, 1.28, format.times), "1.21–1.28×");
  assert.equal(format.interval(0.5, 1, format.number), "0.500–1.00");
  assert.equal(format.interval(undefined, 1, format.number), "–");
});

test("rates, shares, bytes and counts", () => {
  assert.deepEqual([0, 24.86, 1056, 12_340, 17_000_000].map(format.rate), [
    "0 /s",
    "24.9 /s",
    "1,056 /s",
    "12.3 k/s",
    "17.0 M/s",
  ]);
  assert.deepEqual([0, 250, 20_000].map(format.rateTick), ["0", "250", "20 k"]);
  assert.equal(format.percent(0.8216), "82 %");
  assert.equal(format.bytes(33_554_432_000), "31.3 GiB");
  assert.equal(format.count(1_234_567), "1,234,567");
  assert.equal(format.count(1e300), "1.00 × 10³⁰⁰");
  assert.deepEqual([format.plural(1, "task"), format.plural(2, "task")], ["1 task", "2 tasks"]);
});

test("dates are UTC, and a period names a day once", () => {
  assert.equal(format.date("2026-11-24T23:30:00Z"), "24 November 2026, 23:30 UTC");
  assert.equal(format.date("soon"), "");
  assert.equal(format.period("2026-11-24T12:30:00Z", "2026-11-24T12:41:00Z"), "24 November 2026, 12:30 to 12:41 UTC");
  assert.equal(
    format.period("2026-11-24T23:30:00Z", "2026-11-25T00:10:00Z"),
    "24 November 2026, 23:30 UTC to 25 November 2026, 00:10 UTC",
  );
  assert.equal(format.period("2026-11-24T12:30:00Z"), "24 November 2026, 12:30 UTC");
});
