// How long a task takes from submit to result: the share of tasks that took at most so long.

import {fastestOfEach} from "../data.js";
import {figure} from "../figure.js";
import {milliseconds, percent, tick} from "../format.js";
import {ecdf, linear, logarithmic} from "../scale.js";
import {cellStyle} from "../theme.js";
import {nameOf} from "./keys.js";

const keyOf = (cell) => `cell:${cell.run.index}:${cell.id}`;

export function latencyFigure(runs, workload, named) {
  const cells = runs
    .flatMap((run) => run.cells)
    .filter((cell) => cell.workload === workload && cell.latency_ms.length > 1);
  if (cells.length === 0) return null;
  const chosen = new Set(fastestOfEach(cells));
  const values = cells.flatMap((cell) => cell.latency_ms);
  const wideRange = Math.min(...values) > 0 && Math.max(...values) > 30 * Math.min(...values);
  return figure({
    title: `Latency of a task${named ? `: ${workload}` : ""}`,
    note: "Share of tasks whose result came within this time of the submission.",
    wide: !named,
    keys: cells.map((cell) => ({
      key: keyOf(cell),
      name: nameOf(cell, runs),
      ...cellStyle(cell, runs),
      shape: undefined,
      off: !chosen.has(cell),
    })),
    switches: wideRange
      ? [
          {
            name: "axis",
            label: "Time axis",
            options: [
              ["log", "logarithmic"],
              ["linear", "from zero"],
            ],
          },
        ]
      : [],
    plot: ({choice, shown, width}) =>
      latencyPlot(
        runs,
        cells.filter((cell) => shown([keyOf(cell)])),
        choice.axis,
        width,
      ),
  });
}

function latencyPlot(runs, cells, axis, width) {
  const curves = cells.map((cell) => ({cell, points: ecdf(cell.latency_ms), ...cellStyle(cell, runs)}));
  const values = curves.flatMap(({points}) => points.map(([ms]) => ms));
  const scale = axis === "log" ? logarithmic(values) : linear(values, {fit: true, wanted: width < 560 ? 4 : 6});
  const drawable = ([ms]) => axis !== "log" || ms > 0;
  return {
    x: {scale, label: tick, name: "milliseconds"},
    y: {scale: linear([1], {wanted: 4}), label: percent},
    lines: curves.map(({cell, points, colour, dash}) => ({
      keys: [keyOf(cell)],
      points: points.filter(drawable),
      colour,
      dash,
    })),
    marks: curves.flatMap(({cell, points, colour}) =>
      points.filter(drawable).map(([ms, share]) => ({
        kind: "point",
        at: [ms, share],
        size: 0,
        colour,
        keys: [keyOf(cell)],
        says: [nameOf(cell, runs), `${percent(share)} within ${milliseconds(ms)}`],
      })),
    ),
  };
}
