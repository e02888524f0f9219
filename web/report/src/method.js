// How it was measured: the machine, the exact commands.

import {copyButton, h} from "./dom.js";
import {bytes, count, number, period, plural} from "./format.js";

export function methodSection(runs) {
  return h(
    "section",
    {},
    h("h2", {}, "How to repeat this"),
    runs.map((run) => method(run, runs.length > 1)),
  );
}

function method(run, named) {
  const cells = run.cells.filter((cell) => cell.command);
  return h(
    "div",
    {class: "method"},
    named && h("h3", {}, run.name),
    run.command && command(run.command),
    facts(run),
    cells.length > 1 &&
      h(
        "details",
        {},
        h("summary", {}, `The command of each of the ${cells.length} measurements`),
        h(
          "dl",
          {class: "commands"},
          cells.map((cell) => [
            h("dt", {}, `${cell.workload ? `${cell.workload}: ` : ""}${cell.name}`),
            h("dd", {}, command(cell.command)),
          ]),
        ),
      ),
  );
}

/** Lines break between words, not at the dashes of options. */
const words = (text) =>
  String(text)
    .split(/(\s+)/)
    .map((each) => (each.trim() ? h("span", {}, each) : each));

function command(text) {
  return h("div", {class: "command"}, h("pre", {tabindex: 0}, h("code", {}, words(text))), copyButton(String(text)));
}

function facts(run) {
  const {machine} = run;
  const cores = [
    machine.cores !== undefined && plural(machine.cores, "core"),
    machine.cores_limit !== undefined &&
      machine.cores_limit !== machine.cores &&
      `limited to ${number(machine.cores_limit, 2)}`,
  ];
  const pairs = [
    ["Measured", period(run.started_at, run.finished_at)],
    [
      "Workload",
      run.workloads
        .map(
          ({name, arguments: given, tasks}) =>
            `${name} ${given ?? ""}${tasks === undefined ? "" : ` (${plural(tasks, "task")})`}`,
        )
        .join("; "),
    ],
    [
      "Repeats",
      run.repeat === undefined ? "" : `${count(run.repeat)} each, after ${plural(run.warmup ?? 0, "warm-up")}`,
    ],
    ["Scaling", run.scaling],
    ["Machine", [machine.host, machine.cpu].filter(Boolean).join(", ")],
    ["Cores", cores.filter(Boolean).join(", ")],
    ["Memory", machine.memory_bytes === undefined ? "" : bytes(machine.memory_bytes)],
    ["Kernel", machine.kernel],
    ["Governor", machine.governor],
    ["Load before", machine.load_before === undefined ? "" : number(machine.load_before, 2)],
    [
      "Versions",
      Object.entries(machine.versions ?? {})
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ],
    ["Run", run.id],
  ];
  return h(
    "dl",
    {class: "facts"},
    pairs
      .filter(([, value]) => value)
      .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))),
  );
}
