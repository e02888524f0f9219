// The keys under a chart: modes and, when there are several, runs. A mark carries the keys that must all be on.

import {DASHES, SHAPES, cellStyle} from "../theme.js";

export const modeKey = (cell) => `mode:${cell.runner === "python" ? "python " : ""}${cell.mode}`;
export const runKey = (run) => `run:${run.index}`;

const modeName = (cell) => `${cell.runner === "python" ? "Python " : ""}${cell.mode}`;

export function modeKeys(cells, runs) {
  const found = new Map();
  for (const cell of cells) {
    const style = cellStyle(cell, runs);
    const shape = runs.length > 1 ? "block" : style.shape;
    found.set(modeKey(cell), {key: modeKey(cell), name: modeName(cell), ...style, shape, dash: undefined});
  }
  return [...found.values()];
}

export function runKeys(runs) {
  if (runs.length < 2) return [];
  return runs.map((run) => ({
    key: runKey(run),
    name: run.name,
    colour: "--ink",
    shape: SHAPES[run.index % SHAPES.length],
    dash: DASHES[run.index % DASHES.length],
  }));
}

export const keysOf = (cell) => [modeKey(cell), runKey(cell.run)];

/** First line of what a mark says: the cell, and the run when there are several. */
export const nameOf = (cell, runs) => (runs.length > 1 ? `${cell.name} · ${cell.run.name}` : cell.name);
