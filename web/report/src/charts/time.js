// Time by mode: every measured point, the median, its interval. One figure per workload; cells in the order of their
// time, grouped by size where sizes were measured; the runs of a comparison share the row of a cell.

import {figure} from "../figure.js";
import {count, interval, seconds, tick} from "../format.js";
import {textWidth} from "../plot.js";
import {linear, logarithmic} from "../scale.js";
import {cellStyle} from "../theme.js";
import {keysOf, modeKey, modeKeys, nameOf, runKeys} from "./keys.js";

const spanOf = (cell) => [...cell.seconds, cell.median_s, cell.low_s, cell.high_s].filter(Number.isFinite);

export function timeFigures(runs, workloads) {
  return workloads.flatMap((workload) => {
    const cells = runs
      .flatMap((run) => run.cells)
      .filter((cell) => cell.workload === workload && spanOf(cell).length > 0);
    const worth = cells.length > 1 || (cells[0]?.seconds.length ?? 0) > 1;
    return worth ? [timeFigure(runs, workload, cells, workloads.length > 1)] : [];
  });
}

function timeFigure(runs, workload, cells, named) {
  const values = cells.flatMap(spanOf);
  const wideRange = Math.max(...values) > 30 * Math.min(...values);
  const outliers = cells.some((cell) => cell.outliers.length > 0);
  return figure({
    title: named ? `Time by mode: ${workload}` : "Time by mode",
    note: "Dots are single repeats; the marker is the median, the band its 95 % interval. Less is better.",
    wide: true,
    keys: [
      ...modeKeys(cells, runs),
      ...runKeys(runs),
      ...(outliers ? [{key: "outliers", name: "outlier", colour: "--muted", shape: "cross"}] : []),
    ],
    switches: wideRange
      ? [
          {
            name: "axis",
            label: "Time axis",
            options: [
              ["linear", "from zero"],
              ["log", "logarithmic"],
            ],
          },
        ]
      : [],
    plot: ({choice, shown, width}) =>
      timePlot(
        runs,
        cells.filter((cell) => shown(keysOf(cell))),
        values,
        choice,
        width,
      ),
  });
}

/** Rows: [heading of a size,] one per cell, which may hold several runs. */
function rowsOf(runs, cells, height) {
  const bySize = new Map();
  for (const cell of cells) bySize.set(cell.size, [...(bySize.get(cell.size) ?? []), cell]);
  const rows = [];
  for (const size of [...bySize.keys()].sort((a, b) => (a ?? 0) - (b ?? 0))) {
    if (bySize.size > 1)
      rows.push({heading: true, name: size === undefined ? "other" : `size ${count(size)}`, cells: []});
    const byName = new Map();
    for (const cell of bySize.get(size)) byName.set(cell.name, [...(byName.get(cell.name) ?? []), cell]);
    const best = (group) => Math.min(...group.map((cell) => cell.median_s ?? Infinity));
    for (const [name, group] of [...byName].sort((a, b) => best(a[1]) - best(b[1])))
      rows.push({
        name: bySize.size > 1 ? name.replace(/, size [\d,]+/, "") : name,
        cells: group,
        height: height(group),
      });
  }
  return rows;
}

function timePlot(runs, cells, values, {axis}, width) {
  const narrow = width < 560;
  const rows = rowsOf(runs, cells, (group) => (group.length - 1) * 20 + (narrow ? 46 : 32));
  const scale = axis === "log" ? logarithmic(values) : linear(values, {fit: true, wanted: narrow ? 4 : 8});
  const marks = rows.flatMap((row, i) =>
    row.cells.flatMap((cell, k) => cellMarks(runs, cell, i + (k + 0.5) / row.cells.length)),
  );
  const right = Math.max(0, ...marks.filter((mark) => mark.kind === "text").map((mark) => textWidth(mark.text))) + 18;
  return {
    rows: rows.length > 0 ? rows : [{name: ""}],
    right,
    marks,
    x: {scale, label: (value) => `${tick(value)}`, name: "seconds"},
  };
}

function cellMarks(runs, cell, y) {
  const style = cellStyle(cell, runs);
  const keys = keysOf(cell);
  const points = cell.seconds.map((value, i) => {
    const outlier = cell.outliers.includes(i);
    return {
      kind: "point",
      at: [value, y],
      colour: style.colour,
      faint: !outlier,
      open: !outlier,
      size: outlier ? 3.5 : 2.5,
      shape: outlier ? "cross" : "circle",
      keys: outlier ? [...keys, "outliers"] : keys,
      says: [nameOf(cell, runs), `repeat ${i + 1}: ${seconds(value, 4)}${outlier ? ", an outlier" : ""}`],
    };
  });
  if (!Number.isFinite(cell.median_s)) return points;
  return [
    ...points,
    {
      kind: "point",
      at: [cell.median_s, y],
      span: [cell.low_s, cell.high_s],
      along: "x",
      ...style,
      size: 5,
      keys,
      says: [
        nameOf(cell, runs),
        `median ${seconds(cell.median_s, 4)}`,
        `95 %: ${interval(cell.low_s, cell.high_s, (value) => seconds(value, 4))}`,
      ],
    },
    {
      kind: "text",
      at: [Math.max(...spanOf(cell)), y],
      text: seconds(cell.median_s),
      shift: [12, 0],
      keys,
    },
  ];
}
