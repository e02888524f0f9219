// The data of the page: {"runs": [summary of an experiment, …]}. What a summary leaves out was not measured; after
// `read` every list is there (perhaps empty), every cell has a name, and the rest of the page need not ask.

import {count, plural} from "./format.js";

const list = (value) => (Array.isArray(value) ? value : []);
const numbers = (value) => list(value).filter((each) => Number.isFinite(each));

/** Text of the data element to runs; throws an Error in words when it is no report. */
export function read(text) {
  const data = JSON.parse(text);
  if (data === null) throw new Error("This page has no data yet. `brigade experiment` writes a page that has.");
  const runs = list(data.runs).map(readRun);
  if (runs.length === 0) throw new Error("The data of this page holds no run.");
  const named = new Set(runs.map((run) => run.title));
  runs.forEach((run, i) => (run.name = named.size === runs.length ? run.title : `${i + 1}: ${run.title}`));
  return runs;
}

function readRun(summary, index) {
  const run = {
    ...summary,
    index,
    title: String(summary.title ?? summary.id ?? `run ${index + 1}`),
    machine: summary.machine ?? {},
    warnings: list(summary.warnings),
    comparisons: list(summary.comparisons),
    workloads: list(summary.workloads),
  };
  run.cells = list(summary.cells).map((cell) => readCell(cell, run));
  nameApart(run.cells);
  const byId = new Map(run.cells.map((cell) => [cell.id, cell]));
  run.series = list(summary.series).map((series) => ({
    ...series,
    run,
    ids: list(series.cells),
    fits: list(series.fits),
    cells: list(series.cells)
      .map((id) => byId.get(id))
      .filter(Boolean),
  }));
  return run;
}

function readCell(cell, run) {
  return {
    ...cell,
    run,
    mode: String(cell.mode ?? "unknown"),
    workload: String(cell.workload ?? run.workloads[0]?.name ?? ""),
    seconds: numbers(cell.seconds),
    outliers: numbers(cell.outliers),
    latency_ms: numbers(cell.latency_ms),
    lanes: list(cell.timeline?.lanes).filter((lane) => list(lane.events).length > 0),
    name: cellName(cell),
  };
}

/** "threads, 2 workers × 4 threads": what a reader must know to tell the cells of an experiment apart. */
export function cellName(cell) {
  const {mode = "unknown", workers, threads, io_concurrency: flight, size} = cell;
  const counts = [];
  if (mode !== "serial") {
    if (workers > 1 || (workers === 1 && !(flight > 0) && mode !== "threading")) counts.push(plural(workers, "worker"));
    if (threads > 1 || (threads === 1 && /^thread/.test(mode))) counts.push(plural(threads, "thread"));
  }
  const parts = [`${cell.runner === "python" ? "Python " : ""}${mode}`];
  if (counts.length > 0) parts.push(counts.join(" × "));
  if (flight > 0 && /coroutines|asyncio/.test(mode)) parts.push(`${count(flight)} in flight`);
  if (size !== undefined) parts.push(`size ${count(size)}`);
  return parts.join(", ");
}

function nameApart(cells) {
  const uses = new Map();
  const key = (cell) => `${cell.workload}\n${cell.name}`;
  for (const cell of cells) uses.set(key(cell), (uses.get(key(cell)) ?? 0) + 1);
  for (const cell of cells.filter((each) => uses.get(key(each)) > 1)) cell.name += ` (${cell.id})`;
}

export const workloadsOf = (runs) => [...new Set(runs.flatMap((run) => run.cells.map((cell) => cell.workload)))];

/** The cell with the smallest median; undefined when nothing was measured. */
export function fastest(cells) {
  const measured = cells.filter((cell) => Number.isFinite(cell.median_s));
  return measured.reduce((best, cell) => (best && best.median_s <= cell.median_s ? best : cell), undefined);
}

/** The fastest cell of each mode, run and workload: what a chart shows when all would be too many. */
export function fastestOfEach(cells) {
  const groups = new Map();
  for (const cell of cells) {
    const key = JSON.stringify([cell.run.index, cell.workload, cell.runner, cell.mode]);
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  return [...groups.values()].map((each) => fastest(each) ?? each[0]);
}

/** Where a cell stands on the axis of its series: a number of workers, threads, … */
export const axisValue = (series, cell) => Number(cell[series.axis] ?? NaN);

export const AXES = {workers: "workers", threads: "threads", io_concurrency: "requests in flight", size: "size"};

/**
 * For each cell that the first run shares with a later one: how many times as long the later run took. The bounds
 * follow from the ends of both intervals, hence are wider than an interval of the ratio itself would be.
 */
export function ratios(runs) {
  const [first, ...others] = runs;
  return first.cells.flatMap((base) => {
    const found = others.map((run) => {
      const cell = run.cells.find((each) => each.id === base.id && each.workload === base.workload);
      if (!cell || !(base.median_s > 0) || !(cell.median_s > 0)) return undefined;
      return {
        cell,
        value: cell.median_s / base.median_s,
        low: cell.low_s / base.high_s,
        high: cell.high_s / base.low_s,
      };
    });
    return found.some(Boolean) ? [{base, others: found}] : [];
  });
}

/** The first sentence and the rest: "Use 4 workers. It is 1.9 x …" reads as a headline and a paragraph. */
export function headline(text) {
  const end = /[.!?] +(?=\p{Lu})/u.exec(text);
  return end ? [text.slice(0, end.index + 1), text.slice(end.index + end[0].length)] : [text, ""];
}
