// A drawing context that writes SVG: the charts are drawn once more on it when the reader wants one as a file. It knows
// what uPlot and paint.js call, no more.

const NUMBER = (value) => Number(value.toFixed(2));
const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** Takes the place of Path2D. */
export class SvgPath {
  constructor(other) {
    this.d = other instanceof SvgPath ? other.d : "";
  }
  moveTo(x, y) {
    this.d += `M${NUMBER(x)} ${NUMBER(y)}`;
  }
  /** The first one moves there, as on a canvas. */
  lineTo(x, y) {
    this.d += `${this.d === "" ? "M" : "L"}${NUMBER(x)} ${NUMBER(y)}`;
  }
  rect(x, y, w, h) {
    this.d += `M${NUMBER(x)} ${NUMBER(y)}h${NUMBER(w)}v${NUMBER(h)}h${NUMBER(-w)}z`;
  }
  closePath() {
    this.d += "z";
  }
  /** A whole circle; nothing here draws parts of one. */
  arc(x, y, r) {
    this.d += `M${NUMBER(x - r)} ${NUMBER(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
  }
}

// Where the baseline is, in em below the given y: renderers disagree about dominant-baseline.
const BASELINES = {top: 0.8, hanging: 0.8, middle: 0.35, bottom: -0.2, alphabetic: 0};
const ANCHORS = {left: "start", start: "start", center: "middle", right: "end", end: "end"};

export class SvgContext {
  constructor(measure) {
    this.parts = [];
    this.clips = 0;
    this.stack = [];
    this.path = new SvgPath();
    this.measure = measure;
    this.state = {matrix: [1, 0, 0, 1, 0, 0], clip: ""};
    Object.assign(this, {
      fillStyle: "#000",
      strokeStyle: "#000",
      lineWidth: 1,
      globalAlpha: 1,
      font: "12px sans-serif",
      textAlign: "start",
      textBaseline: "alphabetic",
      lineJoin: "miter",
      lineCap: "butt",
      dash: [],
    });
  }

  static STYLE = [
    "fillStyle",
    "strokeStyle",
    "lineWidth",
    "globalAlpha",
    "font",
    "textAlign",
    "textBaseline",
    "lineJoin",
    "lineCap",
    "dash",
    "state",
  ];
  save() {
    this.stack.push(SvgContext.STYLE.map((name) => this[name]));
  }
  restore() {
    this.stack.pop()?.forEach((value, i) => (this[SvgContext.STYLE[i]] = value));
  }

  transform(a, b, c, d, e, f) {
    const [A, B, C, D, E, F] = this.state.matrix;
    const matrix = [A * a + C * b, B * a + D * b, A * c + C * d, B * c + D * d, A * e + C * f + E, B * e + D * f + F];
    this.state = {...this.state, matrix};
  }
  translate(x, y) {
    this.transform(1, 0, 0, 1, x, y);
  }
  scale(x, y) {
    this.transform(x, 0, 0, y, 0, 0);
  }
  rotate(angle) {
    this.transform(Math.cos(angle), Math.sin(angle), -Math.sin(angle), Math.cos(angle), 0, 0);
  }

  beginPath() {
    this.path = new SvgPath();
  }
  moveTo(...to) {
    this.path.moveTo(...to);
  }
  lineTo(...to) {
    this.path.lineTo(...to);
  }
  rect(...box) {
    this.path.rect(...box);
  }
  arc(...circle) {
    this.path.arc(...circle);
  }
  closePath() {
    this.path.closePath();
  }
  setLineDash(dash) {
    this.dash = dash;
  }
  measureText(text) {
    this.measure.font = this.font;
    return this.measure.measureText(text);
  }

  clip(path = this.path) {
    const id = `clip${++this.clips}`;
    this.parts.push(`<clipPath id="${id}"${this.state.clip}><path d="${path.d}"${this.placed()}/></clipPath>`);
    this.state = {...this.state, clip: ` clip-path="url(#${id})"`};
  }
  stroke(path = this.path) {
    if (path.d === "") return;
    const dash = this.dash.length > 0 ? ` stroke-dasharray="${this.dash.map(NUMBER).join(" ")}"` : "";
    const ends = ` stroke-linejoin="${this.lineJoin}" stroke-linecap="${this.lineCap}"`;
    this.add(
      `<path d="${path.d}" fill="none" stroke="${escape(this.strokeStyle)}" stroke-width="${this.lineWidth}"` +
        `${ends}${dash}${this.opacity()}${this.placed()}/>`,
    );
  }
  fill(path = this.path) {
    if (path.d === "") return;
    this.add(`<path d="${path.d}" fill="${escape(this.fillStyle)}"${this.opacity()}${this.placed()}/>`);
  }
  fillText(text, x, y) {
    this.add(
      `<text x="${NUMBER(x)}" y="${NUMBER(y)}" dy="${BASELINES[this.textBaseline] ?? 0}em"` +
        ` text-anchor="${ANCHORS[this.textAlign]}" style="font:${escape(this.font)}" fill="${escape(this.fillStyle)}"` +
        `${this.opacity()}${this.placed()}>${escape(text)}</text>`,
    );
  }
  clearRect() {}

  opacity() {
    return this.globalAlpha === 1 ? "" : ` opacity="${this.globalAlpha}"`;
  }
  placed() {
    const matrix = this.state.matrix.map((value) => Number(value.toFixed(4)));
    return matrix.join() === "1,0,0,1,0,0" ? "" : ` transform="matrix(${matrix.join(" ")})"`;
  }
  // The clip is around the element, since it would share the element's transform on it.
  add(element) {
    this.parts.push(this.state.clip ? `<g${this.state.clip}>${element}</g>` : element);
  }
  toString() {
    return this.parts.join("\n");
  }
}

/** A whole picture: the heading lines and the keys {name, sample, width} above, the drawing below. */
export function picture({title, note, keys, width, height, drawing, ratio, ink, muted, background, font}) {
  const text = (x, y, what, style, fill = ink) =>
    `<text x="${x}" y="${y}" style="font:${escape(style)}" fill="${fill}">${escape(what)}</text>`;
  const parts = [text(12, 26, title, `600 16px ${font}`)];
  if (note) parts.push(text(12, 44, note, `12px ${font}`, muted));
  let [x, y] = [12, note ? 66 : 48];
  for (const key of keys) {
    const wide = key.width + 46;
    if (x + wide > width && x > 12) [x, y] = [12, y + 20];
    parts.push(`<g transform="translate(${x} ${y - 10})">${key.sample}</g>`, text(x + 26, y, key.name, `12px ${font}`));
    x += wide;
  }
  const top = keys.length > 0 ? y + 14 : y - 12;
  const total = top + height + 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" viewBox="0 0 ${width} ${total}">
<rect width="${width}" height="${total}" fill="${background}"/>
${parts.join("\n")}
<g transform="translate(12 ${top}) scale(${1 / ratio})">
${drawing}
</g>
</svg>
`;
}
