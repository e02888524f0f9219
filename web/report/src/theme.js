// Light and dark, and what colour and marker stand for. Colours are names of CSS variables (style.css), the palette of
// Okabe and Ito; markers and dashes say the same again for who cannot tell the colours apart.

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const listeners = [];

export const onTheme = (listener) => listeners.push(listener);

const resolved = new Map();

export function setTheme(theme) {
  resolved.clear();
  root.dataset.theme = theme;
  listeners.forEach((each) => each());
}

/** Follows the system until the reader chooses; prints in light. */
export function startTheme() {
  const follow = () => setTheme(dark.matches ? "dark" : "light");
  follow();
  let chosen = false;
  dark.addEventListener("change", () => chosen || follow());
  let before;
  addEventListener("beforeprint", () => ((before = root.dataset.theme), setTheme("light")));
  addEventListener("afterprint", () => setTheme(before));
  return () => ((chosen = true), setTheme(root.dataset.theme === "dark" ? "light" : "dark"));
}

/** The value of a colour's variable in the present theme. */
export function colour(name) {
  if (!resolved.has(name)) resolved.set(name, getComputedStyle(root).getPropertyValue(name).trim());
  return resolved.get(name);
}

const MODES = {
  serial: "--grey",
  threads: "--blue",
  threading: "--blue",
  processes: "--red",
  multiprocessing: "--red",
  coroutines: "--green",
  asyncio: "--green",
};
const OTHERS = ["--purple", "--yellow", "--sky"];

const hash = (text) => [...text].reduce((sum, c) => (sum * 31 + c.codePointAt(0)) % 9973, 7);
export const modeColour = (mode) => MODES[mode] ?? OTHERS[hash(mode) % OTHERS.length];

export const SHAPES = ["circle", "square", "diamond", "triangle", "down"];
export const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3], [1, 4]];

const MODE_SHAPES = {
  serial: "down",
  threads: "circle",
  processes: "square",
  coroutines: "diamond",
  threading: "circle",
  multiprocessing: "square",
  asyncio: "diamond",
};

/** Colour is the mode; marker and dash the run when there are several, else the mode; Python's are hollow. */
export function cellStyle(cell, runs) {
  const python = cell.runner === "python";
  const several = runs.length > 1;
  return {
    colour: modeColour(cell.mode),
    shape: several ? SHAPES[cell.run.index % SHAPES.length] : (MODE_SHAPES[cell.mode] ?? "triangle"),
    dash: several ? DASHES[cell.run.index % DASHES.length] : python ? DASHES[1] : DASHES[0],
    hollow: python,
  };
}
