// A figure: heading, note, keys that switch series, switches of the axis, the chart, and its export. What a chart shows
// is a function of the state {hidden keys, choices, width}, drawn anew whenever that changes.
//   figure({title, note, keys: [{key, name, colour, shape, hollow, dash, off}], switches: [{name, options, label}],
//           wide, plot: ({width, shown, choice}) => plot (plot.js)})

import {download, fileName, h} from "./dom.js";
import {hit, middle} from "./paint.js";
import {draw, drawSvg, textWidth} from "./plot.js";
import {picture} from "./svg.js";
import {colour, onTheme} from "./theme.js";

const EXPORT_WIDTH = 880;

export function figure(spec) {
  const state = {
    hidden: new Set((spec.keys ?? []).filter((key) => key.off).map((key) => key.key)),
    choices: Object.fromEntries((spec.switches ?? []).map((each) => [each.name, each.initial ?? each.options[0][0]])),
  };
  const area = h("div", {
    class: "plot",
    tabindex: 0,
    role: "group",
    "aria-roledescription": "chart",
    "aria-label": `${spec.title}. ${spec.note ?? ""} Arrow keys read the values.`,
  });
  const answer = h("div", {class: "answer", role: "status", hidden: true});
  const element = h(
    "figure",
    {class: spec.wide ? "wide" : undefined},
    h(
      "figcaption",
      {},
      h("div", {}, h("h3", {}, spec.title), spec.note && h("p", {class: "note"}, spec.note)),
      h("div", {class: "tools"}, exportButton("SVG"), exportButton("PNG")),
    ),
    ...(spec.switches ?? []).map((each) => switcher(each, state.choices, redraw)),
    (spec.keys ?? []).length > 1 && legend(spec.keys, state.hidden, redraw),
    area,
    answer,
  );

  let chart;
  let drawn = 0;
  function redraw() {
    if (area.clientWidth === 0) return;
    chart?.destroy();
    drawn = area.clientWidth;
    chart = draw(area, current(drawn), drawn);
    reader.reset();
  }
  const current = (width) => visible(spec.plot({width, choice: state.choices, shown}), shown);
  const shown = (keys) => keys.every((key) => !state.hidden.has(key));
  const reader = read(area, answer, () => chart);
  new ResizeObserver(() => area.clientWidth !== drawn && redraw()).observe(area);
  onTheme(redraw);

  function exportButton(kind) {
    const save = async () => {
      const svg = await asSvg(spec, current(EXPORT_WIDTH), shown);
      const blob = kind === "SVG" ? new Blob([svg], {type: "image/svg+xml"}) : await asPng(svg);
      download(`${fileName(spec.title)}.${kind.toLowerCase()}`, blob);
    };
    return h(
      "button",
      {type: "button", class: "quiet", onclick: save, "aria-label": `Save ${spec.title} as ${kind}`},
      kind,
    );
  }
  return element;
}

const visible = (plot, shown) => ({
  ...plot,
  ...Object.fromEntries(
    ["lines", "marks", "ends"].map((name) => [name, (plot[name] ?? []).filter((each) => shown(each.keys ?? []))]),
  ),
});

function switcher({name, label, options}, choices, redraw) {
  if (options.length > 3) {
    const choose = (event) => ((choices[name] = event.target.value), redraw());
    return h(
      "label",
      {class: "switch"},
      `${label} `,
      h(
        "select",
        {onchange: choose},
        options.map(([value, text]) => h("option", {value, selected: value === choices[name]}, text)),
      ),
    );
  }
  const buttons = options.map(([value, text]) =>
    h("button", {type: "button", onclick: () => ((choices[name] = value), press(), redraw())}, text),
  );
  const press = () => buttons.forEach((each, i) => each.setAttribute("aria-pressed", options[i][0] === choices[name]));
  press();
  return h("div", {class: "switch", role: "group", "aria-label": label}, `${label} `, buttons);
}

function legend(keys, hidden, redraw) {
  return h(
    "div",
    {class: "legend", role: "group", "aria-label": "Show or hide"},
    keys.map((key) => {
      const toggle = () => {
        if (!hidden.delete(key.key)) hidden.add(key.key);
        button.setAttribute("aria-pressed", !hidden.has(key.key));
        redraw();
      };
      const button = h(
        "button",
        {type: "button", onclick: toggle, "aria-pressed": !hidden.has(key.key)},
        swatch(key),
        key.name,
      );
      return button;
    }),
  );
}

/** A small sample of the line and the marker of a series. */
function swatch(key) {
  const svg = (tag, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const stroke = `var(${key.colour})`;
  const shapes = {
    circle: "M6 6a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    square: "M6 2h8v8h-8z",
    diamond: "M10 1l5 5l-5 5l-5 -5z",
    triangle: "M10 1l5 9h-10z",
    down: "M10 11l5 -9h-10z",
    cross: "M6 2l8 8M14 2l-8 8",
    block: "M3 1h14v10h-14z",
  };
  const parts = [];
  if (key.dash)
    parts.push(svg("path", {d: "M0 6h20", stroke, "stroke-width": 2, "stroke-dasharray": key.dash.join(" ")}));
  if (key.shape) {
    const fill = key.hollow ? "var(--paper)" : stroke;
    parts.push(
      svg("path", {d: shapes[key.shape], stroke, fill: key.shape === "cross" ? "none" : fill, "stroke-width": 1.5}),
    );
  }
  const element = svg("svg", {width: 20, height: 12, viewBox: "0 0 20 12", "aria-hidden": "true"});
  element.append(...parts);
  return element;
}

/** The same as markup that needs no style sheet. */
const sample = (key) =>
  new XMLSerializer().serializeToString(swatch(key)).replace(/var\((--\w+)\)/g, (_, name) => colour(name));

/** Says the values of the mark under the mouse, or of the one that the arrow keys reached. */
function read(area, answer, chartOf) {
  let at = -1;
  const ring = h("div", {class: "ring", hidden: true});
  const show = (mark, place) => {
    answer.hidden = ring.hidden = !mark;
    if (!mark) return;
    const [x, y] = middle(mark, place);
    const [left, top] = [area.offsetLeft + x, area.offsetTop + y];
    ring.style.transform = `translate(${x}px, ${y}px)`;
    if (!ring.isConnected) area.append(ring);
    answer.replaceChildren(...mark.says.map((line, i) => h(i === 0 ? "strong" : "div", {}, line)));
    const room = area.parentElement.clientWidth - answer.offsetWidth;
    answer.style.left = `${Math.max(0, Math.min(left - answer.offsetWidth / 2, room))}px`;
    answer.style.top = `${top - answer.offsetHeight - 12}px`;
  };
  const hide = () => ((at = -1), show());
  area.addEventListener("pointermove", (event) => {
    const {place, marks} = chartOf() ?? {};
    const box = area.getBoundingClientRect();
    if (place?.x) show(hit(marks, place, event.clientX - box.left, event.clientY - box.top), place);
  });
  area.addEventListener("pointerleave", hide);
  area.addEventListener("blur", hide);
  area.addEventListener("keydown", (event) => {
    const {place, marks} = chartOf() ?? {};
    const last = (marks?.length ?? 0) - 1;
    const steps = {ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last};
    if (event.key === "Escape") hide();
    if (!(event.key in steps) || last < 0) return;
    event.preventDefault();
    at = Math.max(0, Math.min(steps[event.key], last));
    show(marks[at], place);
  });
  return {reset: hide};
}

async function asSvg(spec, plot, shown) {
  const drawn = await drawSvg(plot, EXPORT_WIDTH - 24);
  const keys = (spec.keys ?? []).length > 1 ? spec.keys.filter((key) => shown([key.key])) : [];
  return picture({
    ...drawn,
    title: spec.title,
    note: spec.note,
    keys: keys.map((key) => ({name: key.name, sample: sample(key), width: textWidth(key.name)})),
    width: EXPORT_WIDTH,
    ink: colour("--ink"),
    muted: colour("--muted"),
    background: colour("--paper"),
  });
}

async function asPng(svg) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = h("canvas", {width: image.width * 2, height: image.height * 2});
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}
