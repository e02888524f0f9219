// How values are written. A value that was not measured (undefined, null, not finite) is an en dash.

const NONE = "–";
const known = (value) => typeof value === "number" && Number.isFinite(value);

const superscript = (text) => [...String(text)].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻").join("");

/** About `digits` significant digits, thousands grouped, powers of ten beyond 10^15 and below 10^-4. */
export function number(value, digits = 3) {
  if (!known(value)) return NONE;
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-4)) {
    const [mantissa, exponent] = value.toExponential(Math.max(digits - 1, 0)).split("e");
    return `${mantissa.replace("-", "−")} × 10${superscript(Number(exponent))}`;
  }
  const decimals = size === 0 ? 0 : Math.min(Math.max(digits - 1 - Math.floor(Math.log10(size)), 0), 8);
  return value
    .toLocaleString("en-US", {minimumFractionDigits: decimals, maximumFractionDigits: decimals})
    .replace("-", "−");
}

/** A whole number, exact. */
export const count = (value) =>
  known(value) && Math.abs(value) < 1e15 ? Math.round(value).toLocaleString("en-US").replace("-", "−") : number(value);

/** A number without trailing zeros, for the ticks of an axis. */
export function tick(value) {
  return Math.abs(value) >= 1e-4 && Math.abs(value) < 1e15
    ? Number(value.toPrecision(6)).toLocaleString("en-US", {maximumFractionDigits: 8}).replace("-", "−")
    : number(value, 1);
}

const TIMES = [
  [1, "s"],
  [1e-3, "ms"],
  [1e-6, "µs"],
  [1e-9, "ns"],
];
const timeUnit = (seconds) =>
  TIMES.find(([unit]) => Math.abs(seconds) >= unit * 0.9995) ?? (seconds ? TIMES[3] : TIMES[0]);

export function seconds(value, digits = 3) {
  if (!known(value)) return NONE;
  const [unit, name] = timeUnit(value);
  return `${number(value / unit, digits)} ${name}`;
}
export const milliseconds = (value) => (known(value) ? seconds(value / 1000) : NONE);

export const times = (value) => (known(value) ? `${number(value)}×` : NONE);
export const percent = (value) => (known(value) ? `${count(value * 100)} %` : NONE);

/** Thousands as "k" only from 10,000 on, where the digits would become a crowd. */
const rateUnit = (value) =>
  [
    [1e9, 1e9, " G"],
    [1e6, 1e6, " M"],
    [1e4, 1e3, " k"],
  ].find(([least]) => value >= least && value < 1e15) ?? [0, 1, ""];

export function rate(value) {
  if (!known(value)) return NONE;
  const [, unit, name] = rateUnit(value);
  return `${number(value / unit)}${name || " "}/s`;
}

/** A rate on an axis, whose name says the unit. */
export function rateTick(value) {
  const [, unit, name] = rateUnit(value);
  return `${tick(value / unit)}${name}`;
}

export function bytes(value) {
  if (!known(value)) return NONE;
  const power = Math.min(Math.max(Math.floor(Math.log2(Math.max(value, 1)) / 10), 0), 5);
  return `${number(value / 1024 ** power)} ${["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"][power]}`;
}

/** "1.20–1.35 s": the unit once when both ends share it. */
export function interval(low, high, format) {
  if (!known(low) || !known(high)) return NONE;
  const [a, b] = [format(low), format(high)];
  const unit = / ?[^\d.,]*$/.exec(b)[0];
  return unit && a.endsWith(unit) ? `${a.slice(0, a.length - unit.length)}–${b}` : `${a}–${b}`;
}

/** "24 November 2026, 12:30 UTC", whatever the reader's time zone is. */
export function date(iso) {
  const at = new Date(iso ?? NaN);
  if (Number.isNaN(at.getTime())) return "";
  const day = at.toLocaleDateString("en-GB", {day: "numeric", month: "long", year: "numeric", timeZone: "UTC"});
  return `${day}, ${at.toISOString().slice(11, 16)} UTC`;
}

/** "24 November 2026, 12:30 to 12:41 UTC". */
export function period(from, to) {
  const [start, end] = [date(from), date(to)];
  const day = start.slice(0, start.indexOf(","));
  if (!start || !end) return start || end;
  return end.startsWith(`${day},`)
    ? `${start.replace(" UTC", "")} to ${end.slice(day.length + 2)}`
    : `${start} to ${end}`;
}

export const plural = (n, word) => `${count(n)} ${word}${n === 1 ? "" : "s"}`;
