// Tables: all cells, sortable and as CSV; and the ratios of several runs.

import {csv} from "./csv.js";
import {ratios, workloadsOf} from "./data.js";
import {download, fileName, h} from "./dom.js";
import {count, interval, percent, rate, seconds, times} from "./format.js";

/** {name, value(cell) for sorting and CSV, show(cell), number}; a column without any value is left out. */
function columnsOf(runs) {
  const several = (values) => new Set(values).size > 1;
  const numeric = (name, value, show) => ({name, value, show: show ?? ((cell) => count(value(cell))), number: true});
  return [
    runs.length > 1 && {name: "Run", value: (cell) => cell.run.name},
    several(workloadsOf(runs)) && {name: "Workload", value: (cell) => cell.workload},
    {name: "Mode", value: (cell) => cell.name},
    numeric("Tasks", (cell) => cell.tasks),
    numeric(
      "Median",
      (cell) => cell.median_s,
      (cell) => seconds(cell.median_s, 4),
    ),
    numeric(
      "95 % low",
      (cell) => cell.low_s,
      (cell) => seconds(cell.low_s, 4),
    ),
    numeric(
      "95 % high",
      (cell) => cell.high_s,
      (cell) => seconds(cell.high_s, 4),
    ),
    numeric(
      "Throughput",
      (cell) => cell.tasks_per_s,
      (cell) => rate(cell.tasks_per_s),
    ),
    numeric(
      "Speed-up",
      (cell) => cell.speedup?.value,
      (cell) => times(cell.speedup?.value),
    ),
    numeric(
      "Efficiency",
      (cell) => cell.efficiency,
      (cell) => percent(cell.efficiency),
    ),
    numeric("Failed", (cell) => cell.failed),
    numeric("Repeats", (cell) => cell.seconds.length),
  ]
    .filter(Boolean)
    .filter((column) => runs.some((run) => run.cells.some((cell) => column.value(cell) !== undefined)));
}

function compare(a, b) {
  if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
  return typeof a === "number" ? a - b : String(a).localeCompare(String(b), "en", {numeric: true});
}

export function tableSection(runs) {
  const cells = runs.flatMap((run) => run.cells);
  if (cells.length === 0) return null;
  const columns = columnsOf(runs);
  const save = () =>
    download(
      `${fileName(runs.map((run) => run.title).join(" "))}.csv`,
      new Blob([csv([...columns, {name: "Seconds", value: (cell) => cell.seconds.join(" ")}], cells)], {
        type: "text/csv",
      }),
    );
  return h(
    "section",
    {},
    h(
      "div",
      {class: "bar"},
      h("h2", {}, "All figures"),
      h("button", {type: "button", class: "quiet", onclick: save}, "CSV"),
    ),
    sortable(columns, cells),
  );
}

function sortable(columns, rows) {
  let sorted = {column: undefined, down: false};
  const body = h("tbody");
  const headers = columns.map((column) =>
    h(
      "th",
      {scope: "col", class: column.number && "number"},
      h("button", {type: "button", onclick: () => sortBy(column)}, column.name),
    ),
  );
  const fill = (order) =>
    body.replaceChildren(
      ...order.map((row) =>
        h(
          "tr",
          {},
          columns.map((column) =>
            h("td", {class: column.number && "number"}, column.show ? column.show(row) : column.value(row)),
          ),
        ),
      ),
    );
  const sortBy = (column) => {
    sorted = {column, down: sorted.column === column && !sorted.down};
    headers.forEach((header, i) => {
      if (columns[i] === column) header.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      else header.removeAttribute("aria-sort");
    });
    const order = [...rows].sort((a, b) => compare(column.value(a), column.value(b)));
    fill(sorted.down ? order.reverse() : order);
  };
  fill(rows);
  return scrolling("All figures", h("table", {id: "figures"}, h("thead", {}, h("tr", {}, headers)), body));
}

const scrolling = (name, table) => h("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": name}, table);

export function ratiosSection(runs) {
  if (runs.length < 2) return null;
  const rows = ratios(runs);
  if (rows.length === 0) return null;
  const [first, ...others] = runs;
  const several = workloadsOf(runs).length > 1;
  const cell = (found) =>
    found
      ? [h("b", {}, times(found.value)), " ", h("span", {class: "note"}, interval(found.low, found.high, times))]
      : "–";
  return h(
    "section",
    {},
    h("h2", {}, "How the runs differ"),
    h(
      "p",
      {class: "note"},
      `Time as a multiple of the time of “${first.name}”: below 1 is faster. `,
      "The bounds come from the ends of both 95 % intervals, so they are wider than an interval of the ratio.",
    ),
    scrolling(
      "Ratios",
      h(
        "table",
        {id: "ratios"},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", {scope: "col"}, "Mode"),
            h("th", {scope: "col", class: "number"}, first.name),
            others.flatMap((run) => [
              h("th", {scope: "col", class: "number"}, run.name),
              h("th", {scope: "col", class: "number"}, "ratio"),
            ]),
          ),
        ),
        h(
          "tbody",
          {},
          rows.map(({base, others: found}) =>
            h(
              "tr",
              {},
              h("th", {scope: "row"}, several ? `${base.workload}: ${base.name}` : base.name),
              h("td", {class: "number"}, seconds(base.median_s)),
              found.flatMap((each) => [
                h("td", {class: "number"}, seconds(each?.cell.median_s)),
                h("td", {class: "number"}, cell(each)),
              ]),
            ),
          ),
        ),
      ),
    ),
  );
}
