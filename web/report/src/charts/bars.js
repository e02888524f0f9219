// Bars from zero: what a task's time is made of, and throughput where nothing was scaled.

import {figure} from "../figure.js";
import {milliseconds, percent, rate, rateTick, tick} from "../format.js";
import {isNarrow, textWidth} from "../plot.js";
import {linear} from "../scale.js";
import {cellStyle} from "../theme.js";
import {keysOf, modeKeys, nameOf, runKeys} from "./keys.js";

const PARTS = [
  ["client", "client", "--purple"],
  ["broker", "waiting in the broker", "--yellow"],
  ["transit", "on the way", "--sky"],
  ["worker", "waiting in the worker", "--orange"],
  ["run", "running", "--blue"],
  ["return", "on the way back", "--green"],
];

const known = (cell) => PARTS.filter(([part]) => cell.breakdown_ms?.[part] > 0);
const total = (cell, shown = () => true) =>
  known(cell).reduce((sum, [part]) => sum + (shown([part]) ? cell.breakdown_ms[part] : 0), 0);

export function breakdownFigure(runs, workload, named) {
  const cells = runs.flatMap((run) => run.cells).filter((cell) => cell.workload === workload && total(cell) > 0);
  if (cells.length === 0) return null;
  const parts = PARTS.filter((part) => cells.some((cell) => known(cell).includes(part)));
  return figure({
    title: `Where a task’s time goes${named ? `: ${workload}` : ""}`,
    note: "Means per task, from the submission to the result.",
    wide: true,
    keys: parts.map(([key, name, colour]) => ({key, name, colour, shape: "block"})),
    switches: [
      {
        name: "unit",
        label: "Show",
        options: [
          ["ms", "milliseconds"],
          ["share", "shares"],
        ],
      },
    ],
    plot: ({choice, shown, width}) => breakdownPlot(runs, cells, choice.unit === "share", shown, width),
  });
}

function breakdownPlot(runs, cells, shares, shown, width) {
  const labels = cells.map((cell) => (shares ? "" : milliseconds(total(cell, shown))));
  const scale = linear(shares ? [1] : cells.map((cell) => total(cell, shown)), {
    fit: true,
    wanted: isNarrow(width) ? 4 : 8,
  });
  return {
    rows: cells.map((cell) => ({name: nameOf(cell, runs)})),
    right: Math.max(...labels.map((label) => textWidth(label))) + 18,
    x: {scale, label: shares ? percent : tick, name: shares ? "share of a task’s time" : "milliseconds"},
    marks: cells.flatMap((cell, i) => stack(runs, cell, i, shares, shown, labels[i])),
  };
}

function stack(runs, cell, i, shares, shown, label) {
  const whole = total(cell, shown);
  const unit = shares ? whole || 1 : 1;
  let from = 0;
  const bars = known(cell)
    .filter(([part]) => shown([part]))
    .map(([part, name, colour]) => {
      const value = cell.breakdown_ms[part];
      const to = from + value / unit;
      const bar = {
        kind: "bar",
        from: [from, i + 0.2],
        to: [to, i + 0.8],
        colour,
        text: name,
        gap: 1,
        keys: [part],
        says: [
          nameOf(cell, runs),
          `${name}: ${milliseconds(value)}`,
          `${percent(value / whole)} of ${milliseconds(whole)}`,
        ],
      };
      from = to;
      return bar;
    });
  return label ? [...bars, {kind: "text", at: [from, i + 0.5], text: label, shift: [8, 0]}] : bars;
}

/** Throughput of each cell; where there are series, their curves tell it better. */
export function rateFigure(runs, workload, named) {
  const cells = runs.flatMap((run) => run.cells).filter((cell) => cell.workload === workload && cell.tasks_per_s > 0);
  if (cells.length < 2) return null;
  cells.sort((a, b) => b.tasks_per_s - a.tasks_per_s);
  return figure({
    title: `Throughput${named ? `: ${workload}` : ""}`,
    note: "Finished tasks per second. More is better.",
    wide: true,
    keys: [...modeKeys(cells, runs).map((key) => ({...key, shape: "block"})), ...runKeys(runs)],
    plot: ({shown, width}) => {
      const seen = cells.filter((cell) => shown(keysOf(cell)));
      const bars = seen.flatMap((cell, i) => [
        {
          kind: "bar",
          from: [0, i + 0.2],
          to: [cell.tasks_per_s, i + 0.8],
          colour: cellStyle(cell, runs).colour,
          hollow: cell.runner === "python",
          keys: keysOf(cell),
          says: [nameOf(cell, runs), rate(cell.tasks_per_s)],
        },
        {kind: "text", at: [cell.tasks_per_s, i + 0.5], text: rate(cell.tasks_per_s), shift: [8, 0]},
      ]);
      return {
        rows: seen.length > 0 ? seen.map((cell) => ({name: nameOf(cell, runs)})) : [{name: ""}],
        right: 84,
        marks: bars,
        x: {
          scale: linear(
            cells.map((cell) => cell.tasks_per_s),
            {fit: true, wanted: isNarrow(width) ? 3 : 6},
          ),
          label: rateTick,
          name: "tasks per second",
        },
      };
    },
  });
}
