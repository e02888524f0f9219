import assert from "node:assert/strict";
import {test} from "node:test";

import {csv} from "../../src/csv.js";
import {cellName, fastest, fastestOfEach, headline, ratios, read, workloadsOf} from "../../src/data.js";
import {article, comparison, hostile, scaling} from "../fixtures.js";

const runsOf = (...runs) => read(JSON.stringify({runs}));

test("a page without data says who writes it", () => {
  assert.throws(() => read("null"), /no data yet\. `brigade experiment` writes/);
  assert.throws(() => read('{"runs": []}'), /holds no run/);
});

test("what is missing is an empty list, whatever the data are", () => {
  const [run] = runsOf(hostile());
  assert.equal(run.cells.length, 5);
  assert.deepEqual(run.cells[0].seconds, []);
  assert.deepEqual(
    run.series.map((series) => series.cells.length),
    [2, 0, 0],
  );
  assert.deepEqual(runsOf({})[0].cells, []);
});

test("cells are named by what tells them apart", () => {
  const names = [
    {mode: "serial", workers: 1, threads: 1},
    {mode: "threads", workers: 1, threads: 8},
    {mode: "threads", workers: 2, threads: 1},
    {mode: "processes", workers: 4, threads: 1},
    {mode: "coroutines", workers: 1, io_concurrency: 1024},
    {mode: "coroutines", workers: 2, io_concurrency: 64, size: 1000},
    {mode: "asyncio", runner: "python", io_concurrency: 40},
    {mode: "threading", runner: "python", threads: 3},
  ].map(cellName);
  assert.deepEqual(names, [
    "serial",
    "threads, 1 worker × 8 threads",
    "threads, 2 workers × 1 thread",
    "processes, 4 workers",
    "coroutines, 1,024 in flight",
    "coroutines, 2 workers, 64 in flight, size 1,000",
    "Python asyncio, 40 in flight",
    "Python threading, 3 threads",
  ]);
});

test("cells and runs of one name are told apart", () => {
  const twice = {
    cells: [
      {id: "a", mode: "serial"},
      {id: "b", mode: "serial"},
    ],
    title: "same",
  };
  const runs = runsOf(twice, twice);
  assert.deepEqual(
    runs[0].cells.map((cell) => cell.name),
    ["serial (a)", "serial (b)"],
  );
  assert.deepEqual(
    runs.map((run) => run.name),
    ["1: same", "2: same"],
  );
});

test("the fastest cell, of all and of each mode", () => {
  const [run] = runsOf(scaling());
  assert.equal(fastest(run.cells).id, "threads-w1-t8");
  assert.deepEqual(
    fastestOfEach(run.cells).map((cell) => cell.id),
    ["serial", "threads-w1-t8", "processes-w8"],
  );
  assert.equal(fastest([{}]), undefined);
  assert.deepEqual(workloadsOf(runsOf(article())), ["factorial", "fetch"]);
});

test("ratios are of medians, their bounds of the ends of both intervals", () => {
  const cell = (median_s, low_s, high_s) => ({id: "serial", mode: "serial", median_s, low_s, high_s});
  const runs = runsOf(
    {title: "a", cells: [cell(4, 3, 5), {id: "only here"}]},
    {title: "b", cells: [cell(2, 1.5, 2.25)]},
  );
  const [{others}, ...rest] = ratios(runs);
  assert.deepEqual(rest, []);
  assert.deepEqual([others[0].value, others[0].low, others[0].high], [0.5, 0.3, 0.75]);
  assert.equal(ratios(read(JSON.stringify({runs: comparison()}))).length, 10);
});

test("a recommendation is a headline and a paragraph; 3.1 does not end a sentence", () => {
  assert.deepEqual(headline("Use 4 workers. They are 3.1 x as fast. Good."), [
    "Use 4 workers.",
    "They are 3.1 x as fast. Good.",
  ]);
  assert.deepEqual(headline("3.1 x faster"), ["3.1 x faster", ""]);
});

test("CSV quotes what needs it, keeps numbers exact and starts no formula", () => {
  const columns = [
    {name: "Mode", value: (row) => row[0]},
    {name: "s, low", value: (row) => row[1]},
  ];
  const rows = [
    ['say "hi"', 0.1 + 0.2],
    ["=1+1", undefined],
    ["a\nb", 1e300],
    ["–", -1],
  ];
  assert.equal(
    csv(columns, rows),
    'Mode,"s, low"\r\n"say ""hi""",0.30000000000000004\r\n\'=1+1,\r\n"a\nb",1e+300\r\n–,-1\r\n',
  );
});
