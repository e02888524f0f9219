// Plausible experiments for the tests of the page, the same on every run. Times come from simple laws (a serial part,
// a cost of talking, a waiting server) with noise of a generator that always starts at the same number.

function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const round = (value, digits = 5) => Number(value.toPrecision(digits));
const sorted = (values) => [...values].sort((a, b) => a - b);
const median = (values) => sorted(values)[Math.floor(values.length / 2)];

const MACHINE = {
  host: "kitchen",
  cpu: "AMD EPYC 7B13",
  cores: 8,
  cores_limit: 8,
  memory_bytes: 33_554_432_000,
  kernel: "6.1.0-31-amd64",
  governor: "performance",
  load_before: 0.12,
  versions: {brigade: "0.2.0", gmp: "6.2.1", libcurl: "7.88.1"},
};

function measure(random, seconds, repeat) {
  const points = Array.from({length: repeat}, () => round(seconds * (0.985 + 0.03 * random())));
  const outliers = [];
  if (repeat > 3 && random() < 0.3) {
    points[1] = round(seconds * 1.12);
    outliers.push(1);
  }
  const middle = median(points);
  return {seconds: points, outliers, median_s: middle, low_s: round(middle * 0.991), high_s: round(middle * 1.012)};
}

const quantiles = (random, typical) =>
  sorted(
    Array.from({length: 101}, (_, i) => round(typical * (0.6 + 0.4 * random()) * (1 + (i / 100) ** 14 * 5 + i / 160))),
  );

function timeline(random, lanes, tasks, seconds) {
  const each = Math.ceil(Math.min(tasks, 160) / lanes.length);
  const typical = (seconds * 1000) / (each + 1);
  return {
    lanes: lanes.map((name, lane) => {
      let start = random() * 2;
      const events = Array.from({length: each}, (_, i) => {
        const event = [round(start), round(typical * (0.7 + 0.45 * random())), i * lanes.length + lane];
        start += event[1] + typical * 0.02;
        return event;
      });
      return {name, events};
    }),
  };
}

/** One cell; `ideal` is how many times as fast as serial it could be. */
function cell(random, run, {ideal, time, base, lanes, waiting = 0.2, ...given}) {
  const measured = measure(random, time, run.repeat);
  const speedup = base / measured.median_s;
  const perTask = (measured.median_s * 1000 * ideal) / given.tasks;
  const whole = {
    ...measured,
    tasks_per_s: round(given.tasks / measured.median_s),
    speedup: {value: round(speedup), low: round(speedup * 0.982), high: round(speedup * 1.017)},
    efficiency: round(speedup / ideal),
    failed: 0,
  };
  return {
    runner: "brigade",
    command: `brigade experiment ${run.arguments} --only ${given.id}`,
    ...given,
    ...whole,
    ...(given.runner === "python"
      ? {}
      : {
          breakdown_ms: {
            client: round(perTask * 0.03),
            broker: round(perTask * waiting),
            transit: round(perTask * 0.05),
            worker: round(perTask * 0.12),
            run: round(perTask * 0.9),
            return: round(perTask * 0.04),
          },
          latency_ms: quantiles(random, perTask * 1.3),
          ...(lanes ? {timeline: timeline(random, lanes, given.tasks, measured.median_s)} : {}),
        }),
  };
}

const amdahl = (s) => (n) => 1 / (s + (1 - s) / n);
const usl = (a, b) => (n) => n / (1 + a * (n - 1) + b * n * (n - 1));

function fits(cells, axis, s, [a, b]) {
  const counts = cells.map((each) => each[axis]);
  const curve = (law) =>
    Array.from({length: 41}, (_, i) => counts[0] * (counts.at(-1) / counts[0]) ** (i / 40)).map((n) => [
      round(n),
      round(law(n)),
    ]);
  const residuals = (law) => cells.map((each) => round(each.speedup.value - law(each[axis]), 3));
  return [
    {
      model: "amdahl",
      formula: "S(n) = 1 / (s + (1 − s) / n)",
      status: "ok",
      residuals: residuals(amdahl(s)),
      curve: curve(amdahl(s)),
      parameters: [{name: "s", meaning: "serial fraction", value: s, low: s * 0.8, high: s * 1.24}],
    },
    {
      model: "usl",
      formula: "S(n) = n / (1 + α (n − 1) + β n (n − 1))",
      status: "ok",
      residuals: residuals(usl(a, b)),
      curve: curve(usl(a, b)),
      parameters: [
        {name: "α", meaning: "contention", value: a, low: a * 0.7, high: a * 1.3},
        {name: "β", meaning: "coherence", value: b, low: 0, high: b * 1.9},
      ],
    },
  ];
}

function summary({title, kind, repeat = 5, seed, workloads, ...given}) {
  return {
    schema: "brigade-experiment/1",
    id: seed.toString(16).padStart(12, "0"),
    title,
    kind,
    command: `brigade experiment ${given.arguments}`,
    started_at: "2026-11-24T12:30:00Z",
    finished_at: "2026-11-24T12:41:12Z",
    complete: true,
    repeat,
    warmup: 1,
    scaling: "strong",
    machine: MACHINE,
    workloads,
    cells: [],
    series: [],
    comparisons: [],
    warnings: [],
    ...given,
  };
}

/** Threads and processes on a CPU workload, 1 to 8. */
export function scaling({seed = 7, title = "factorial 1..2000", slower = 1} = {}) {
  const random = generator(seed);
  const run = summary({
    title,
    kind: "factorial",
    seed,
    arguments: "factorial 1..2000 --threads 1,2,4,6,8 --workers 1,2,4,8",
    workloads: [{name: "factorial", arguments: "1..2000", tasks: 2000}],
    recommendation:
      "Run threads, 1 worker with 8 threads. It is 6.4 × as fast as serial at 80 % efficiency; " +
      "more processes cost memory and gain nothing here.",
    warnings: ["the load before the start was 0.12; the first repeats may be slower"],
  });
  const base = 12.4 * slower;
  const add = (given) => run.cells.push(cell(random, run, {workload: "factorial", tasks: 2000, base, ...given}));
  add({id: "serial", mode: "serial", workers: 1, threads: 1, ideal: 1, time: base, lanes: ["worker-1 thread 0"]});
  for (const n of [1, 2, 4, 6, 8])
    add({
      id: `threads-w1-t${n}`,
      mode: "threads",
      workers: 1,
      threads: n,
      ideal: n,
      time: base / usl(0.025, 0.001)(n),
      lanes: Array.from({length: n}, (_, i) => `worker-1 thread ${i}`),
    });
  for (const n of [1, 2, 4, 8])
    add({
      id: `processes-w${n}`,
      mode: "processes",
      workers: n,
      threads: 1,
      ideal: n,
      time: (base * 1.04) / usl(0.045, 0.004)(n),
      lanes: Array.from({length: n}, (_, i) => `worker-${i + 1} thread 0`),
    });
  const of = (mode) => run.cells.filter((each) => each.mode === mode);
  run.series = [
    {
      name: "threads, 1 worker",
      workload: "factorial",
      axis: "threads",
      cells: of("threads").map((each) => each.id),
      fits: fits(of("threads"), "threads", 0.035, [0.025, 0.001]),
    },
    {
      name: "processes, 1 thread each",
      workload: "factorial",
      axis: "workers",
      cells: of("processes").map((each) => each.id),
      fits: fits(of("processes"), "workers", 0.07, [0.045, 0.004]),
    },
  ];
  run.comparisons = [
    {
      text: "threads, 8 threads: 1.24 × (1.21–1.28) faster than processes, 8 workers, p < 0.01",
      better: "threads-w1-t8",
      worse: "processes-w8",
      ratio: 1.24,
      low: 1.21,
      high: 1.28,
      p: 0.008,
    },
  ];
  return run;
}

/** The article's two workloads, with Python beside. */
export function article() {
  const random = generator(11);
  const run = summary({
    title: "the article’s kitchen",
    kind: "article",
    seed: 11,
    arguments: "article --python",
    workloads: [
      {name: "factorial", arguments: "100000 100001 100002", tasks: 3},
      {name: "fetch", arguments: "40 pages", tasks: 40},
    ],
    recommendation: "Use threads for factorials and coroutines for pages. Python’s threads gain nothing on factorials.",
  });
  run.machine = {...MACHINE, versions: {...MACHINE.versions, python: "3.11.2"}};
  const cells = [
    ["factorial", "serial", 1, {workers: 1, threads: 1}, 0.31],
    ["factorial", "threads", 3, {workers: 1, threads: 3}, 0.12],
    ["factorial", "processes", 3, {workers: 3, threads: 1}, 0.14],
    ["fetch", "serial", 1, {workers: 1, threads: 1}, 4.1],
    ["fetch", "threads", 16, {workers: 1, threads: 16}, 0.31],
    ["fetch", "coroutines", 40, {workers: 1, io_concurrency: 40}, 0.17],
  ];
  const python = [
    ["factorial", "serial", 1, {}, 3.4],
    ["factorial", "threading", 3, {threads: 3}, 3.6],
    ["factorial", "multiprocessing", 3, {workers: 3}, 1.3],
    ["fetch", "serial", 1, {}, 4.4],
    ["fetch", "threading", 16, {threads: 16}, 0.42],
    ["fetch", "asyncio", 40, {io_concurrency: 40}, 0.33],
  ];
  for (const [runner, rows] of [
    ["brigade", cells],
    ["python", python],
  ])
    for (const [workload, mode, ideal, counts, time] of rows)
      run.cells.push(
        cell(random, run, {
          id: `${runner}-${workload}-${mode}`,
          runner,
          workload,
          mode,
          ...counts,
          ideal,
          time,
          tasks: workload === "fetch" ? 40 : 3,
          base: workload === "fetch" ? 4.1 : 0.31,
          lanes: mode === "threads" ? Array.from({length: ideal}, (_, i) => `worker-1 thread ${i}`) : undefined,
        }),
      );
  const loop = run.cells.find((each) => each.mode === "coroutines");
  loop.timeline = {
    lanes: [
      {
        name: "worker-1 loop",
        events: Array.from({length: 40}, (_, i) => [round(i * 0.4), round(90 + 70 * random()), i]),
      },
    ],
  };
  return run;
}

/** A series over the number of requests in flight, and one over sizes. */
export function fetching() {
  const random = generator(23);
  const run = summary({
    title: "fetch 10000 pages",
    kind: "fetch",
    seed: 23,
    arguments: "fetch @pages --io-concurrency 1,4,16,64,256,1024",
    workloads: [{name: "fetch", arguments: "@pages", tasks: 10_000}],
    recommendation: "Run coroutines, 1 worker with 256 requests in flight.",
  });
  for (const n of [1, 4, 16, 64, 256, 1024])
    run.cells.push(
      cell(random, run, {
        id: `coroutines-c${n}`,
        workload: "fetch",
        mode: "coroutines",
        workers: 1,
        io_concurrency: n,
        tasks: 10_000,
        base: 210,
        ideal: n,
        time: 210 / usl(0.004, 0.00001)(n),
      }),
    );
  for (const size of [1000, 10_000, 100_000])
    for (const mode of ["threads", "coroutines"])
      run.cells.push(
        cell(random, run, {
          id: `${mode}-size-${size}`,
          workload: "fetch",
          mode,
          size,
          tasks: 500,
          workers: 1,
          ideal: 8,
          base: 9 * (1 + size / 20_000),
          ...(mode === "threads" ? {threads: 8} : {io_concurrency: 8}),
          time: (mode === "threads" ? 1.6 : 1.2) * (1 + size / 20_000),
        }),
      );
  run.series = [
    {
      name: "coroutines, 1 worker",
      workload: "fetch",
      axis: "io_concurrency",
      cells: run.cells.filter((each) => !each.size).map((each) => each.id),
      fits: [{model: "amdahl", formula: "S(n) = 1 / (s + (1 − s) / n)", status: "did not converge"}],
    },
    ...["threads", "coroutines"].map((mode) => ({
      name: `${mode}, by size`,
      workload: "fetch",
      axis: "size",
      cells: run.cells.filter((each) => each.size && each.mode === mode).map((each) => each.id),
      fits: [{model: "usl", formula: "S(n) = n / (1 + α (n − 1) + β n (n − 1))", status: "not enough points"}],
    })),
  ];
  return run;
}

export const comparison = () => [
  scaling({title: "factorial on 0.1.0", slower: 1.3}),
  scaling({seed: 8, title: "factorial on 0.2.0"}),
];

export function job() {
  const random = generator(3);
  const run = summary({
    title: "factorial 1..500",
    kind: "factorial",
    seed: 3,
    repeat: 1,
    arguments: "factorial 1..500",
    command: "brigade run --report job.html factorial 1..500",
    workloads: [{name: "factorial", arguments: "1..500", tasks: 500}],
  });
  run.cells = [
    cell(random, run, {
      id: "threads-w1-t2",
      workload: "factorial",
      mode: "threads",
      workers: 1,
      threads: 2,
      tasks: 500,
      base: 0.9,
      ideal: 2,
      time: 0.48,
      lanes: ["worker-1 thread 0", "worker-1 thread 1"],
    }),
  ];
  for (const name of ["speedup", "efficiency", "low_s", "high_s"]) delete run.cells[0][name];
  return run;
}

/** What no experiment should hold, and the page must bear. */
export function hostile() {
  const attack = "</script><script>document.title='owned';window.owned=1</script><img src=x onerror=window.owned=1>";
  return {
    schema: "brigade-experiment/1",
    title: attack,
    recommendation: `${attack} ${"long".repeat(60)}`,
    warnings: [attack],
    complete: false,
    command: `brigade ${attack} ${"x".repeat(300)}`,
    machine: {cpu: attack, versions: {[attack]: attack}},
    workloads: [{name: attack, tasks: 1e300}],
    cells: [
      {},
      {
        id: "huge",
        mode: attack,
        workload: attack,
        workers: 1e9,
        tasks: 1e300,
        seconds: [1e300],
        median_s: 1e300,
        low_s: 1e299,
        high_s: 1e300,
        tasks_per_s: 1e300,
        speedup: {value: 1e300, low: 0, high: 1e300},
        efficiency: 1e290,
        failed: 1e18,
        breakdown_ms: {run: 1e300, client: 1e-9},
        latency_ms: [0, 1e-9, 1, 1e300],
        timeline: {
          lanes: [
            {name: attack, events: [[0, 1e12, 1e15]]},
            {name: "empty", events: []},
          ],
        },
      },
      {
        id: "tiny",
        mode: "threads",
        workload: attack,
        workers: 1,
        threads: 1,
        tasks: 1,
        seconds: [1e-9],
        median_s: 1e-9,
        low_s: 1e-9,
        high_s: 1e-9,
        tasks_per_s: 1e-9,
        speedup: {value: 1e-9, low: 1e-9, high: 1e-9},
        efficiency: 0,
        latency_ms: [],
      },
      {id: "empty", mode: "coroutines", workload: attack, workers: 1, seconds: [], latency_ms: [5]},
      {
        id: "one",
        mode: "serial",
        workload: attack,
        workers: 2,
        seconds: [0],
        median_s: 0,
        low_s: 0,
        high_s: 0,
        tasks_per_s: 0,
      },
    ],
    series: [
      {
        name: attack,
        axis: "workers",
        cells: ["huge", "tiny", "no such cell"],
        fits: [
          {model: attack, status: attack},
          {model: "usl", status: "ok"},
        ],
      },
      {name: "empty", axis: "threads", cells: []},
      {},
    ],
    comparisons: [{text: attack}, {}],
  };
}
