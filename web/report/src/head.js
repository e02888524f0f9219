// The top of the page: what was found, in words and in a few figures, and what to be wary of.

import {fastest, headline, workloadsOf} from "./data.js";
import {h} from "./dom.js";
import {count, date, interval, milliseconds, percent, plural, rate, seconds, times} from "./format.js";

export function head(runs, toggleTheme) {
  const [run] = runs;
  const single = runs.length === 1;
  const [title, rest] =
    single && run.recommendation
      ? headline(String(run.recommendation))
      : [single ? run.title : "Runs side by side", ""];
  const what = single
    ? [run.recommendation && run.title, date(run.started_at), run.machine.cpu]
    : [plural(runs.length, "run")];
  document.title = `${single ? run.title : runs.map((each) => each.title).join(" · ")} – Brigade`;
  return h(
    "header",
    {},
    h(
      "div",
      {class: "masthead"},
      h(
        "p",
        {class: "kicker"},
        what.filter(Boolean).map((each) => h("span", {}, each)),
      ),
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          id: "theme",
          onclick: toggleTheme,
          "aria-label": "Switch between light and dark",
        },
        "Light / dark",
      ),
    ),
    h("h1", {}, title),
    rest && h("p", {class: "lede"}, rest),
    single ? null : runList(runs),
    ...(single ? tiles(run) : []),
    warnings(runs),
  );
}

function runList(runs) {
  return h(
    "ol",
    {class: "runs"},
    runs.map((run) =>
      h(
        "li",
        {},
        h("strong", {}, run.title),
        " ",
        h(
          "span",
          {class: "note"},
          [date(run.started_at), run.machine.host, run.machine.cpu].filter(Boolean).join(" · "),
        ),
        run.recommendation && h("div", {}, run.recommendation),
      ),
    ),
  );
}

function tiles(run) {
  if (run.cells.length === 1) return [h("dl", {class: "tiles"}, jobTiles(run.cells[0]))];
  const workloads = workloadsOf([run]);
  return workloads.flatMap((workload) => {
    const best = fastest(mainSize(run.cells.filter((cell) => cell.workload === workload)));
    return best ? [h("dl", {class: "tiles"}, bestTiles(best, workloads.length > 1 ? `, ${workload}` : ""))] : [];
  });
}

/** Only times of one size compare: that of the workload itself, else the largest. */
function mainSize(cells) {
  const plain = cells.filter((cell) => cell.size === undefined);
  const largest = Math.max(...cells.map((cell) => cell.size ?? 0));
  return plain.length > 0 ? plain : cells.filter((cell) => cell.size === largest);
}

const tile = (name, value, more) =>
  h("div", {}, h("dt", {}, name), h("dd", {}, h("b", {}, value), more && h("span", {class: "note"}, more)));

function bestTiles(cell, suffix) {
  const {speedup} = cell;
  return [
    tile(`Fastest${suffix}`, seconds(cell.median_s), cell.name),
    speedup && tile("Speed-up", times(speedup.value), `95 %: ${interval(speedup.low, speedup.high, times)}`),
    cell.efficiency !== undefined && tile("Efficiency", percent(cell.efficiency), "of the ideal"),
    cell.tasks_per_s !== undefined &&
      tile("Throughput", rate(cell.tasks_per_s), cell.tasks !== undefined && plural(cell.tasks, "task")),
  ].filter(Boolean);
}

function jobTiles(cell) {
  const quantile = (share) => cell.latency_ms[Math.round(share * (cell.latency_ms.length - 1))];
  const time = cell.median_s ?? cell.seconds[0];
  return [
    time !== undefined && tile("Time", seconds(time), cell.name),
    cell.tasks !== undefined &&
      tile("Tasks", count(cell.tasks), cell.failed > 0 ? `${count(cell.failed)} failed` : "none failed"),
    cell.tasks_per_s !== undefined && tile("Throughput", rate(cell.tasks_per_s), "finished tasks"),
    cell.latency_ms.length > 1 &&
      tile("Latency", milliseconds(quantile(0.5)), `median; 99 % within ${milliseconds(quantile(0.99))}`),
  ].filter(Boolean);
}

function warnings(runs) {
  const texts = runs.flatMap((run) => {
    const of = runs.length > 1 ? `${run.name}: ` : "";
    const failed = run.cells.reduce((sum, cell) => sum + (cell.failed > 0 ? cell.failed : 0), 0);
    return [
      ...(run.complete === false ? [`${of}This run ended before all was measured.`] : []),
      ...(failed > 0 ? [`${of}${plural(failed, "task")} failed; the times include them.`] : []),
      ...run.warnings.map((text) => of + text),
    ];
  });
  if (texts.length === 0) return null;
  return h(
    "aside",
    {class: "warnings", "aria-label": "Warnings"},
    h("h2", {}, texts.length === 1 ? "Mind this" : "Mind these"),
    h(
      "ul",
      {},
      texts.map((text) => h("li", {}, text)),
    ),
  );
}
