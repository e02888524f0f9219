// A value over the axis of a series (workers, threads, …): speed-up with the ideal and the fits, efficiency,
// throughput, time by size. One section per workload and axis.

import {AXES, axisValue} from "../data.js";
import {figure} from "../figure.js";
import {count, interval, percent, rate, rateTick, seconds, tick, times} from "../format.js";
import {linear, logarithmic} from "../scale.js";
import {DASHES, SHAPES, cellStyle} from "../theme.js";

/** Series that share a chart: [{workload, axis, series: [{key, name, style, points: [{x, cell}], …}]}]. */
export function seriesGroups(runs) {
  const groups = new Map();
  for (const series of runs.flatMap((run) => run.series)) {
    const points = series.cells.map((cell) => ({x: axisValue(series, cell), cell})).filter(({x}) => x > 0);
    if (points.length === 0) continue;
    const workload = series.workload ?? points[0].cell.workload;
    const id = JSON.stringify([workload, series.axis]);
    if (!groups.has(id)) groups.set(id, {workload, axis: series.axis, series: []});
    groups.get(id).series.push(styled(series, points, groups.get(id).series, runs));
  }
  for (const {series} of groups.values()) nameEnds(series, runs.length > 1);
  return [...groups.values()];
}

/** At the end of its line a series has room for a word or two: its mode, or what tells it from others of that mode;
 * where runs are compared, its run. */
function nameEnds(series, compared) {
  const parts = series.map(({run, name}) => (compared ? [run.name] : name.split(", ")));
  series.forEach((each, i) => {
    const alone = parts.filter(([mode]) => mode === parts[i][0]).length === 1;
    each.short = alone ? parts[i][0] : parts[i].slice(1).join(", ") || parts[i][0];
  });
}

/** Another series of the same mode in the same run gets the next marker and dash. */
function styled(series, points, before, runs) {
  const base = cellStyle(points[0].cell, runs);
  const nth = before.filter((each) => each.run === series.run && each.style.colour === base.colour).length;
  const style =
    runs.length > 1 || nth === 0
      ? base
      : {...base, shape: SHAPES[(SHAPES.indexOf(base.shape) + nth) % SHAPES.length], dash: DASHES[nth % DASHES.length]};
  const name = runs.length > 1 ? `${series.name} · ${series.run.name}` : String(series.name);
  return {
    key: `series:${series.run.index}:${series.run.series.indexOf(series)}`,
    run: series.run,
    name,
    style,
    points,
    fits: series.fits,
  };
}

const xAxis = (group) => {
  const values = [...new Set(group.series.flatMap((series) => series.points.map((point) => point.x)))].sort(
    (a, b) => a - b,
  );
  return {
    scale: logarithmic(values, {base: group.axis === "size" ? 10 : 2, ticks: values}),
    label: tick,
    name: AXES[group.axis] ?? group.axis,
  };
};

const keysFor = (group) => group.series.map(({key, name, style}) => ({key, name, ...style}));

/** Lines, markers with intervals, and names at the right end of each series. */
function curves(group, {value, span, says, joined = true}) {
  const [lines, marks, ends] = [[], [], []];
  for (const {key, short, style, points} of group.series) {
    const known = points.filter(({cell}) => Number.isFinite(value(cell)));
    if (known.length === 0) continue;
    const keys = [key];
    const at = ({x, cell}) => [x, value(cell)];
    if (joined) lines.push({keys, points: known.map(at), colour: style.colour, dash: style.dash});
    for (const point of known)
      marks.push({
        kind: "point",
        at: at(point),
        span: span?.(point.cell),
        along: "y",
        ...style,
        keys,
        says: says(point.cell),
      });
    ends.push({keys, at: at(known.at(-1)), text: short, colour: style.colour});
  }
  return {lines, marks, ends};
}

const has = (group, value) => group.series.some(({points}) => points.some(({cell}) => Number.isFinite(value(cell))));
const all = (group, value) =>
  group.series.flatMap(({points}) => points.map(({cell}) => value(cell))).filter(Number.isFinite);
const suffix = (group, named) => (named ? `: ${group.workload}` : "");

const FITS = {amdahl: ["Amdahl’s law", [2, 3]], usl: ["Universal Scalability Law", [9, 3]]};

export function speedupFigure(group, named) {
  const value = (cell) => cell.speedup?.value;
  if (group.axis === "size" || !has(group, value)) return null;
  const fits = group.series.flatMap((series) =>
    series.fits.filter((fit) => fit.status === "ok" && fit.curve?.length > 1).map((fit) => ({series, fit})),
  );
  const models = [...new Set(fits.map(({fit}) => fit.model))];
  const ideals = idealLines(group);
  const keys = [
    ...keysFor(group),
    {key: "ideal", name: "ideal", colour: "--muted", dash: []},
    ...models.map((model) => ({
      key: `fit:${model}`,
      name: FITS[model]?.[0] ?? model,
      colour: "--ink",
      dash: FITS[model]?.[1] ?? [1, 3],
    })),
  ];
  return figure({
    title: `Speed-up${suffix(group, named)}`,
    note:
      "Times as fast as the serial run, with 95 % intervals. Both axes double at each step, so ideal is straight." +
      (group.series.some(({run}) => run.scaling === "weak") ? " The work grows with the count (weak scaling)." : ""),
    wide: true,
    keys,
    plot: () => {
      const drawn = curves(group, {
        value,
        joined: models.length === 0,
        span: (cell) => [cell.speedup.low, cell.speedup.high],
        says: (cell) => [
          cell.name,
          `speed-up ${times(value(cell))}`,
          `95 %: ${interval(cell.speedup.low, cell.speedup.high, times)}`,
          `efficiency ${percent(cell.efficiency)}`,
        ],
      });
      const ideal = ideals.map((points) => ({keys: ["ideal"], points, colour: "--muted", width: 1}));
      const fitted = fits.map(({series, fit}) => ({
        keys: [series.key, `fit:${fit.model}`],
        points: fit.curve.filter(([n, s]) => n > 0 && s > 0),
        colour: series.style.colour,
        dash: FITS[fit.model]?.[1] ?? [1, 3],
        width: 1.5,
      }));
      const y = logarithmic([...all(group, value), ...ideals.flat().map(([, s]) => s)], {base: 2});
      const ends = [
        ...drawn.ends,
        ...ideals.map((points) => ({keys: ["ideal"], at: points.at(-1), text: "ideal", colour: "--muted"})),
      ];
      return {
        height: 400,
        x: xAxis(group),
        y: {scale: y, label: (s) => `${tick(s)}×`},
        lines: [...ideal, ...fitted, ...drawn.lines],
        marks: drawn.marks,
        ends,
      };
    },
  });
}

/** What would be ideal at each point is speed-up / efficiency (workers x threads, say); equal lines once. */
function idealLines(group) {
  const found = new Map();
  for (const {points} of group.series) {
    const line = points
      .filter(({cell}) => cell.speedup?.value > 0)
      .map(({x, cell}) => [x, Number((cell.efficiency > 0 ? cell.speedup.value / cell.efficiency : x).toPrecision(3))]);
    if (line.length > 1) found.set(JSON.stringify(line), line);
  }
  // A line that is a part of a longer one adds nothing.
  const lines = [...found.values()].sort((a, b) => b.length - a.length);
  const within = (line, other) => line.every(([x, s]) => other.some(([X, S]) => X === x && S === s));
  return lines.filter((line, i) => !lines.slice(0, i).some((other) => within(line, other)));
}

export function efficiencyFigure(group, named) {
  const value = (cell) => cell.efficiency;
  if (group.axis === "size" || !has(group, value)) return null;
  return figure({
    title: `Efficiency${suffix(group, named)}`,
    note: "Speed-up as a share of the ideal.",
    keys: keysFor(group),
    plot: () => ({
      x: xAxis(group),
      y: {scale: linear([1.02, ...all(group, value)], {wanted: 5, fit: true}), label: percent},
      ...curves(group, {value, says: (cell) => [cell.name, `efficiency ${percent(value(cell))}`]}),
    }),
  });
}

export function throughputFigure(group, named) {
  const value = (cell) => cell.tasks_per_s;
  if (group.axis === "size" || !has(group, value)) return null;
  return figure({
    title: `Throughput${suffix(group, named)}`,
    note: "Finished tasks per second.",
    keys: keysFor(group),
    plot: () => ({
      x: xAxis(group),
      y: {scale: linear(all(group, value)), label: rateTick},
      ...curves(group, {
        value,
        says: (cell) => [cell.name, `${rate(value(cell)).replace("/s", "tasks/s")}`, `${count(cell.tasks)} tasks`],
      }),
    }),
  });
}

export function sizeFigure(group, named) {
  const value = (cell) => cell.median_s;
  if (group.axis !== "size" || !has(group, value)) return null;
  return figure({
    title: `Time by size${suffix(group, named)}`,
    note: "Medians with 95 % intervals; both axes are logarithmic.",
    wide: true,
    keys: keysFor(group),
    plot: () => ({
      height: 360,
      x: xAxis(group),
      y: {scale: logarithmic(all(group, value)), label: (s) => seconds(s, 1)},
      ...curves(group, {
        value,
        span: (cell) => [cell.low_s, cell.high_s],
        says: (cell) => [cell.name, seconds(value(cell), 4), `95 %: ${interval(cell.low_s, cell.high_s, seconds)}`],
      }),
    }),
  });
}
