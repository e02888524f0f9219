// What each thread did when, in one repeat of one cell. Tasks of a lane that overlap (coroutines) lie below each other.

import {fastest} from "../data.js";
import {figure} from "../figure.js";
import {count, milliseconds, percent, tick} from "../format.js";
import {isNarrow, textWidth} from "../plot.js";
import {linear, pack} from "../scale.js";
import {modeColour} from "../theme.js";
import {nameOf} from "./keys.js";

export function timelineFigure(runs) {
  const cells = runs.flatMap((run) => run.cells).filter((cell) => cell.lanes.length > 0);
  if (cells.length === 0) return null;
  const several = new Set(cells.map((cell) => cell.workload)).size > 1;
  const name = (cell) => `${several ? `${cell.workload}: ` : ""}${nameOf(cell, runs)}`;
  const start = cells.indexOf(fastest(cells) ?? cells[0]);
  return figure({
    title: "Timeline",
    note:
      `Each block is a task as one repeat ran it${cells.length === 1 ? ` (${name(cells[0])})` : ""}; ` +
      "gaps are idle time.",
    wide: true,
    switches:
      cells.length > 1
        ? [
            {
              name: "cell",
              label: "Of",
              initial: String(start),
              options: cells.map((cell, i) => [String(i), name(cell)]),
            },
          ]
        : [],
    plot: ({choice, width}) => timelinePlot(cells[Number(choice.cell ?? 0)], width),
  });
}

/** The time in which the lane ran at least one task. */
function busy(events) {
  let [sum, until] = [0, -Infinity];
  for (const [start, duration] of [...events].sort((a, b) => a[0] - b[0])) {
    sum += Math.max(0, start + duration - Math.max(start, until));
    until = Math.max(until, start + duration);
  }
  return sum;
}

function timelinePlot(cell, width) {
  const ends = cell.lanes.flatMap((lane) => lane.events.map(([start, duration]) => start + duration));
  const span = ends.reduce((most, end) => Math.max(most, end), 0);
  const lanes = cell.lanes.map((lane) => ({
    ...lane,
    packed: pack(lane.events),
    share: busy(lane.events) / (span || 1),
  }));
  const above = isNarrow(width) ? 18 : 0;
  return {
    rows: lanes.map(({name, packed}) => ({
      name: String(name),
      height: above + Math.min(Math.max(26, packed.count * 7), 260),
    })),
    right: textWidth("100 % busy") + 14,
    x: {scale: linear([span], {fit: true, wanted: isNarrow(width) ? 4 : 8}), label: tick, name: "milliseconds"},
    marks: lanes.flatMap((lane, i) => laneMarks(lane, i, span, modeColour(cell.mode))),
  };
}

function laneMarks({name, events, packed, share}, i, span, colour) {
  const tall = 0.84 / packed.count;
  const blocks = events.map(([start, duration, index], k) => {
    const top = i + 0.08 + packed.rows[k] * tall;
    return {
      kind: "bar",
      from: [start, top],
      to: [start + duration, top + tall * (packed.count > 1 ? 0.85 : 1)],
      gap: 0.75,
      colour,
      says: [`task ${count(index)}`, String(name), `ran ${milliseconds(duration)}, from ${milliseconds(start)}`],
    };
  });
  return [...blocks, {kind: "text", at: [span, i + 0.5], text: `${percent(share)} busy`, shift: [8, 0], muted: true}];
}
