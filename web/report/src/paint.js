// Marks on a chart. Each is {kind, keys, …} in the units of the data; `says` (lines of text) makes it answer the mouse
// and the arrow keys. Kinds:
//   point  at [x, y], span [low, high] along "x" or "y", colour, shape, hollow, size
//   bar    from [x0, y0] to [x1, y1], colour, hollow, text
//   text   at [x, y], text, align, shift [dx, dy] in pixels, muted

import {colour} from "./theme.js";

export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
export const TEXT = `12px ${FONT}`;

/** Black or white, whichever is easier to read on the colour. */
export function inkOn(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => (parseInt(hex.slice(at, at + 2), 16) / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.24 ? "#000000" : "#ffffff";
}

const OUTLINES = {
  square: [
    [-0.9, -0.9],
    [0.9, -0.9],
    [0.9, 0.9],
    [-0.9, 0.9],
  ],
  diamond: [
    [0, -1.3],
    [1.3, 0],
    [0, 1.3],
    [-1.3, 0],
  ],
  triangle: [
    [0, -1.2],
    [1.15, 0.9],
    [-1.15, 0.9],
  ],
  down: [
    [0, 1.2],
    [1.15, -0.9],
    [-1.15, -0.9],
  ],
};

function outline(context, shape, x, y, r) {
  context.beginPath();
  if (shape === "cross") {
    for (const side of [-1, 1]) {
      context.moveTo(x - r, y - side * r);
      context.lineTo(x + r, y + side * r);
    }
  } else if (OUTLINES[shape]) {
    OUTLINES[shape].forEach(([dx, dy], i) => context[i ? "lineTo" : "moveTo"](x + dx * r, y + dy * r));
    context.closePath();
  } else {
    context.arc(x, y, r, 0, 2 * Math.PI);
  }
}

function paintPoint(context, mark, {x, y}) {
  if (mark.size === 0) return; // only there to answer
  const [cx, cy] = [x(mark.at[0]), y(mark.at[1])];
  context.strokeStyle = colour(mark.colour);
  if (mark.span?.every(Number.isFinite)) {
    const [low, high] = mark.span;
    context.lineWidth = mark.along === "x" ? 4 : 1.5;
    context.globalAlpha = mark.along === "x" ? 0.45 : 1;
    context.beginPath();
    context.moveTo(mark.along === "x" ? x(low) : cx, mark.along === "x" ? cy : y(low));
    context.lineTo(mark.along === "x" ? x(high) : cx, mark.along === "x" ? cy : y(high));
    context.stroke();
    context.globalAlpha = 1;
  }
  outline(context, mark.shape, cx, cy, mark.size ?? 4.5);
  context.fillStyle = mark.hollow ? colour("--paper") : colour(mark.colour);
  context.globalAlpha = mark.faint ? 0.55 : 1;
  context.lineWidth = 1.5;
  if (mark.shape !== "cross" && !mark.open) context.fill();
  context.stroke();
  context.globalAlpha = 1;
}

function paintBar(context, mark, {x, y}) {
  const [left, right] = [x(mark.from[0]), x(mark.to[0])];
  const [top, bottom] = [y(mark.from[1]), y(mark.to[1])];
  const fill = colour(mark.colour);
  context.fillStyle = fill;
  context.beginPath();
  context.rect(left, top, Math.max(right - left - (mark.gap ?? 0), 0.75), bottom - top);
  context.fill();
  if (mark.hollow && right - left > 4) {
    context.fillStyle = colour("--paper");
    context.beginPath();
    context.rect(left + 1.5, top + 1.5, right - left - 3, bottom - top - 3);
    context.fill();
  }
  if (!mark.text || context.measureText(mark.text).width + 8 > right - left) return;
  context.fillStyle = inkOn(fill);
  context.textAlign = "left";
  context.fillText(mark.text, left + 4, (top + bottom) / 2 + 0.5);
}

function paintText(context, mark, {x, y}) {
  context.fillStyle = colour(mark.colour ?? (mark.muted ? "--muted" : "--ink"));
  context.textAlign = mark.align ?? "left";
  if (mark.bold) context.font = `600 ${TEXT}`;
  context.fillText(mark.text, x(mark.at[0]) + (mark.shift?.[0] ?? 0), y(mark.at[1]) + (mark.shift?.[1] ?? 0));
}

const PAINTERS = {point: paintPoint, bar: paintBar, text: paintText};

/** `place` has x(value) and y(value) in pixels of the context. */
export function paint(context, marks, place) {
  for (const mark of marks) {
    context.save();
    context.font = TEXT;
    context.textBaseline = "middle";
    context.lineCap = "butt";
    context.setLineDash([]);
    PAINTERS[mark.kind](context, mark, place);
    context.restore();
  }
}

/** The mark that answers at a position: the bar that contains it, else the nearest point within `reach` pixels. */
export function hit(marks, place, px, py, reach = 36) {
  let best;
  let least = reach;
  for (const mark of marks) {
    if (mark.kind === "bar") {
      const inside =
        px >= place.x(mark.from[0]) - 1 &&
        px <= place.x(mark.to[0]) + 1 &&
        py >= place.y(mark.from[1]) &&
        py <= place.y(mark.to[1]);
      if (inside) return mark;
    } else {
      const distance = Math.hypot(place.x(mark.at[0]) - px, place.y(mark.at[1]) - py);
      if (distance < least) [best, least] = [mark, distance];
    }
  }
  return best;
}

export function middle(mark, place) {
  const [x, y] = mark.kind === "bar" ? [(mark.from[0] + mark.to[0]) / 2, mark.from[1]] : mark.at;
  return [place.x(x), place.y(y)];
}
