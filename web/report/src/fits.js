// The laws that were fitted to the speed-up, and the comparisons that were tested.

import {AXES, axisValue} from "./data.js";
import {h} from "./dom.js";
import {interval, number, tick, times} from "./format.js";

const MODELS = {amdahl: "Amdahl’s law", usl: "Universal Scalability Law"};

export function fitsSection(runs) {
  const all = runs.flatMap((run) => run.series).filter((series) => series.fits.length > 0);
  if (all.length === 0) return null;
  return h(
    "section",
    {},
    h("h2", {}, "What the curves say"),
    h(
      "p",
      {class: "note"},
      "Laws fitted to the measured speed-ups; intervals are 95 %. ",
      "A residual is measured minus fitted speed-up.",
    ),
    h(
      "div",
      {class: "cards"},
      all.map((series) => card(series, runs)),
    ),
  );
}

function card(series, runs) {
  return h(
    "article",
    {class: "card"},
    h("h3", {}, runs.length > 1 ? `${series.name} · ${series.run.name}` : series.name),
    h("p", {class: "note"}, [series.workload, `over ${AXES[series.axis] ?? series.axis}`].filter(Boolean).join(", ")),
    series.fits.map((fit) => fitPart(fit, series)),
  );
}

function fitPart(fit, series) {
  const heading = h("h4", {}, MODELS[fit.model] ?? fit.model);
  if (fit.status !== "ok") return h("div", {class: "fit"}, heading, h("p", {class: "note status"}, `${fit.status}.`));
  const residuals = (fit.residuals ?? []).map((value, i) => [
    series.cells[i] ? tick(axisValue(series, series.cells[i])) : String(i + 1),
    signed(value),
  ]);
  return h(
    "div",
    {class: "fit"},
    heading,
    h("p", {class: "formula"}, fit.formula),
    h(
      "dl",
      {class: "parameters"},
      (fit.parameters ?? []).map((each) =>
        h(
          "div",
          {},
          h("dt", {}, h("i", {}, each.name), each.meaning && h("span", {class: "note"}, ` ${each.meaning}`)),
          h("dd", {}, number(each.value), " ", h("span", {class: "note"}, interval(each.low, each.high, number))),
        ),
      ),
    ),
    residuals.length > 0 &&
      h(
        "div",
        {class: "scroll", tabindex: 0, role: "region", "aria-label": "Residuals"},
        h(
          "table",
          {class: "residuals"},
          h(
            "tr",
            {},
            h("th", {scope: "row"}, AXES[series.axis] ?? "n"),
            residuals.map(([n]) => h("td", {}, n)),
          ),
          h(
            "tr",
            {},
            h("th", {scope: "row"}, "residual"),
            residuals.map(([, value]) => h("td", {}, value)),
          ),
        ),
      ),
  );
}

const signed = (value) => (Number.isFinite(value) ? `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}` : "–");

export function comparisonsSection(runs) {
  const rows = runs.flatMap((run) => run.comparisons.map((each) => ({...each, run})));
  if (rows.length === 0) return null;
  const name = ({run}, id) => run.cells.find((cell) => cell.id === id)?.name ?? id ?? "–";
  return h(
    "section",
    {},
    h("h2", {}, "Differences that were tested"),
    h(
      "ul",
      {class: "comparisons"},
      rows.map((row) =>
        h(
          "li",
          {},
          runs.length > 1 && h("span", {class: "note"}, `${row.run.name}: `),
          row.text ?? `${name(row, row.better)}: ${times(row.ratio)} faster than ${name(row, row.worse)}`,
        ),
      ),
    ),
  );
}
