// The report of one or several experiments: reads the data in the page and lays out what there is of it.

import "uplot/dist/uPlot.min.css";
import "./style.css";

import {breakdownFigure, rateFigure} from "./charts/bars.js";
import {efficiencyFigure, seriesGroups, sizeFigure, speedupFigure, throughputFigure} from "./charts/curves.js";
import {latencyFigure} from "./charts/latency.js";
import {timeFigures} from "./charts/time.js";
import {timelineFigure} from "./charts/timeline.js";
import {AXES, read, workloadsOf} from "./data.js";
import {h} from "./dom.js";
import {comparisonsSection, fitsSection} from "./fits.js";
import {head} from "./head.js";
import {methodSection} from "./method.js";
import {ratiosSection, tableSection} from "./table.js";
import {startTheme} from "./theme.js";

function section(title, figures) {
  const present = figures.filter(Boolean);
  return present.length > 0 ? h("section", {}, h("h2", {}, title), h("div", {class: "figures"}, present)) : null;
}

function scalingSections(runs, named) {
  return seriesGroups(runs).map((group) =>
    section(
      `Scaling with ${AXES[group.axis] ?? group.axis}${named ? `: ${group.workload}` : ""}`,
      [speedupFigure, efficiencyFigure, throughputFigure, sizeFigure].map((make) => make(group, named)),
    ),
  );
}

function page(runs, toggleTheme) {
  const workloads = workloadsOf(runs);
  const named = workloads.length > 1;
  const scaled = new Set(seriesGroups(runs).map((group) => group.workload));
  return [
    head(runs, toggleTheme),
    ratiosSection(runs),
    section("How long it took", [
      ...timeFigures(runs, workloads),
      ...workloads.filter((each) => !scaled.has(each)).map((each) => rateFigure(runs, each, named)),
    ]),
    comparisonsSection(runs),
    ...scalingSections(runs, named),
    fitsSection(runs),
    section("Inside a run", [
      ...workloads.map((each) => breakdownFigure(runs, each, named)),
      ...workloads.map((each) => latencyFigure(runs, each, named)),
      timelineFigure(runs),
    ]),
    tableSection(runs),
    methodSection(runs),
    h("footer", {}, "Written by Brigade. Charts by uPlot. Colours by Okabe and Ito."),
  ];
}

const toggleTheme = startTheme();
const report = document.getElementById("report");
try {
  const runs = read(document.getElementById("brigade-data").textContent);
  report.append(...page(runs, toggleTheme).filter(Boolean));
} catch (error) {
  report.append(h("p", {class: "lede", role: "alert"}, error.message));
  throw error;
}
