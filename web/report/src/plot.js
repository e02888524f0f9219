// One chart by uPlot. A plot is {height, x, y, lines, marks, ends, rows}:
//   x, y   {scale (scale.js), label(value), name}
//   lines  [{keys, points: [[x, y]], colour, dash, width}]
//   marks  see paint.js
//   ends   [{keys, at: [x, y], text, colour}]: names beside the right end of lines, where there is room
//   rows   instead of y: [{name, heading}] from the top; row i is between y = i and y = i + 1

import uPlot from "uplot";

import {FONT, TEXT, paint} from "./paint.js";
import {spread, thin} from "./scale.js";
import {SvgContext, SvgPath} from "./svg.js";
import {colour} from "./theme.js";

export const isNarrow = (width) => width < 560;
const ROW = 30;
const ROW_NARROW = 46;
const HEADING = 30;

const measuring = document.createElement("canvas").getContext("2d");
export function textWidth(text, font = TEXT) {
  measuring.font = font;
  return measuring.measureText(text).width;
}
const widest = (texts) => texts.reduce((most, text) => Math.max(most, textWidth(text)), 0);

/** Rows have their names at the left, or above themselves on a narrow page. */
function layRows(plot, width) {
  const narrow = isNarrow(width);
  const heights = plot.rows.map((row) => row.height ?? (row.heading ? HEADING : narrow ? ROW_NARROW : ROW));
  const tops = heights.map((_, i) => heights.slice(0, i).reduce((a, b) => a + b, 0));
  const total = tops.at(-1) + heights.at(-1);
  // Within a row, what is drawn is below its name when that is above.
  const to = (y) => {
    const i = Math.min(Math.floor(y), heights.length - 1);
    const above = narrow && !plot.rows[i].heading ? 18 : 0;
    return 1 - (tops[i] + above + (y - i) * (heights[i] - above)) / total;
  };
  const names = plot.rows.map((row, i) => ({
    kind: "text",
    text: row.name,
    bold: row.heading,
    top: tops[i] + (row.heading ? heights[i] - 12 : narrow ? 10 : heights[i] / 2),
    left: narrow || row.heading,
  }));
  const room = narrow ? 0 : widest(plot.rows.filter((row) => !row.heading).map((row) => row.name));
  return {height: total + 40, scale: {to, ticks: []}, names, room: Math.ceil(Math.min(room, width * 0.4)) + 12};
}

function shorten(text, room) {
  if (textWidth(text) <= room) return text;
  let kept = text;
  while (kept.length > 1 && textWidth(`${kept}…`) > room) kept = kept.slice(0, -1);
  return `${kept}…`;
}

function axisOf({scale, label, name}, side, length) {
  const texts = new Map(scale.ticks.map((tick) => [tick, label(tick)]));
  const gap = side === 2 ? widest([...texts.values()]) + 12 : 18;
  const ticks = thin(scale.ticks, (tick) => scale.to(tick) * length, gap);
  return {
    side,
    font: TEXT,
    stroke: colour("--muted"),
    grid: {stroke: colour("--rule"), width: 1},
    ticks: {show: false},
    gap: 6,
    size: side === 2 ? 26 : Math.ceil(widest([...texts.values()])) + 10,
    label: side === 2 ? name : undefined,
    labelFont: TEXT,
    labelSize: 18,
    labelGap: 0,
    splits: () => ticks.map(scale.to),
    values: () => ticks.map((tick) => texts.get(tick)),
  };
}

function layOut(plot, width) {
  const rows = plot.rows && layRows(plot, width);
  const y = rows ? {scale: rows.scale} : plot.y;
  const ends = (width < 440 ? [] : (plot.ends ?? [])).map((end) => ({...end, text: shorten(end.text, width * 0.25)}));
  const last = plot.x.scale.ticks.length > 0 ? textWidth(plot.x.label(plot.x.scale.ticks.at(-1))) / 2 : 0;
  const right = Math.ceil(Math.max(widest(ends.map((end) => end.text)) + 12, plot.right ?? 0, last + 4, 14));
  const left = rows ? rows.room : Math.ceil(widest(y.scale.ticks.map(y.label))) + 10;
  return {rows, y, ends, right, left, height: rows?.height ?? plot.height ?? 300};
}

function options(plot, width, lay, onPaint) {
  const {rows, y, height, right, left} = lay;
  const unit = {time: false, range: () => [0, 1]};
  const axes = [axisOf(plot.x, 2, width - left - right)];
  axes.push(rows ? {show: false} : axisOf(y, 3, height - 70));
  return {
    width,
    height,
    padding: [rows ? 0 : 22, right, plot.x.name ? 4 : 0, rows ? left : 0],
    cursor: {show: false},
    legend: {show: false},
    scales: {x: unit, y: unit},
    axes,
    series: [
      {},
      ...plot.lines.map((line) => ({
        stroke: colour(line.colour),
        width: line.width ?? 1.75,
        dash: line.dash,
        spanGaps: true,
        pxAlign: 0,
        points: {show: false},
      })),
    ],
    hooks: {draw: [onPaint]},
  };
}

function tables(plot) {
  if (plot.lines.length === 0) return [[0, 1]];
  const each = plot.lines.map(({points}) => {
    const placed = new Map(points.map(([x, y]) => [plot.x.scale.to(x), plot.y.scale.to(y)]));
    return [[...placed.keys()], [...placed.values()]];
  });
  return each.length === 1 ? each[0] : uPlot.join(each);
}

/** Draws into `target`; returns {place, destroy}: place maps values to CSS pixels of the canvas. */
export function draw(target, plot, width) {
  plot = {lines: [], marks: [], ...plot};
  const lay = layOut(plot, width);
  const place = {};
  const onPaint = (u) => {
    const ratio = uPlot.pxRatio;
    const box = {
      left: u.bbox.left / ratio,
      top: u.bbox.top / ratio,
      width: u.bbox.width / ratio,
      height: u.bbox.height / ratio,
    };
    place.x = (value) => box.left + plot.x.scale.to(value) * box.width;
    place.y = (value) => box.top + (1 - lay.y.scale.to(value)) * box.height;
    u.ctx.save();
    u.ctx.scale(ratio, ratio);
    paint(u.ctx, plot.marks, place);
    paintWords(u.ctx, plot, lay, box, place);
    u.ctx.restore();
  };
  const chart = new uPlot(options(plot, width, lay, onPaint), tables(plot), target);
  return {place, marks: plot.marks.filter((mark) => mark.says), destroy: () => chart.destroy()};
}

/** Names of rows, of line ends and of the vertical axis, all placed in pixels. */
function paintWords(context, plot, lay, box, place) {
  const still = {x: (value) => value, y: (value) => value};
  const words = (lay.rows?.names ?? []).map((name) => ({
    ...name,
    at: [name.left ? 0 : box.left - 10, box.top + (name.top / (lay.height - 40)) * box.height],
    align: name.left ? "left" : "right",
    text: shorten(name.text, name.left ? box.left + box.width : box.left - 10),
  }));
  if (plot.y?.name) words.push({kind: "text", text: plot.y.name, muted: true, at: [0, 8]});
  const heights = spread(
    lay.ends.map((end) => place.y(end.at[1])),
    14,
    box.top + 4,
    box.top + box.height - 4,
  );
  lay.ends.forEach((end, i) =>
    words.push({kind: "text", text: end.text, colour: end.colour, at: [place.x(end.at[0]) + 9, heights[i]]}),
  );
  paint(context, words, still);
}

/** The same chart as SVG elements; {drawing, height, ratio}. */
export async function drawSvg(plot, width) {
  const target = document.createElement("div");
  const recorder = new SvgContext(measuring);
  const {getContext} = HTMLCanvasElement.prototype;
  const {Path2D} = globalThis;
  // uPlot takes its context from its canvas and draws in the next microtask: for that long both are ours.
  HTMLCanvasElement.prototype.getContext = () => recorder;
  globalThis.Path2D = SvgPath;
  try {
    const {destroy} = draw(target, plot, width);
    await Promise.resolve();
    await Promise.resolve();
    destroy();
  } finally {
    HTMLCanvasElement.prototype.getContext = getContext;
    globalThis.Path2D = Path2D;
  }
  return {
    drawing: recorder.toString(),
    height: layOut({lines: [], marks: [], ...plot}, width).height,
    ratio: uPlot.pxRatio,
    font: FONT,
  };
}
