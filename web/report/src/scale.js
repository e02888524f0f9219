// Scales, curves and where labels go: arithmetic only. A scale maps values to 0…1 of its axis, so that the charts
// never meet a number that is too large or too small to draw.

/** Round steps from 0 to at least `max`: [0, 2, 4, 6]. */
export function niceTicks(max, wanted = 5) {
  if (!(max > 0) || !Number.isFinite(max)) return [0, 1];
  const rough = max / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((each) => each * power >= rough * 0.999) * power;
  const ticks = [];
  for (let i = 0; i <= Math.ceil(max / step - 1e-9); ++i) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/** From 0 to the largest value; `fit`: the axis ends at that value, not at the next tick. */
export function linear(values, {wanted, fit = false} = {}) {
  const top = values.reduce((most, each) => Math.max(most, each), 0);
  const ticks = niceTicks(top, wanted);
  const max = fit && top > 0 ? top : ticks.at(-1);
  return {to: (value) => value / max, ticks: ticks.filter((each) => each <= max)};
}

/** Logarithmic between the smallest and the largest positive value, with some air; ticks at powers or as given. */
export function logarithmic(values, {base = 10, ticks, air = 0.04} = {}) {
  const logs = values.filter((each) => each > 0).map((each) => Math.log(each) / Math.log(base));
  let low = logs.reduce((a, b) => Math.min(a, b), Infinity);
  let high = logs.reduce((a, b) => Math.max(a, b), -Infinity);
  if (low > high) [low, high] = [0, 1];
  if (high - low < 0.5) [low, high] = [low - 0.5, high + 0.5];
  const margin = (high - low) * air;
  [low, high] = [low - margin, high + margin];
  return {
    to: (value) => (Math.log(value) / Math.log(base) - low) / (high - low),
    ticks: ticks ?? powers(base, low, high),
    logarithmic: true,
  };
}

/** Powers of the base within [low, high] (exponents); 1, 2, 5 when there would be only one or two powers of ten. */
function powers(base, low, high) {
  const stride = Math.max(1, Math.ceil((high - low) / 8));
  const found = [];
  const steps = base === 10 && high - low < 2.5 ? [1, 2, 5] : [1];
  for (let e = Math.floor(low); e <= Math.ceil(high); ++e)
    if (e % stride === 0)
      for (const step of steps) {
        const at = e + Math.log(step) / Math.log(base);
        if (at >= low - 1e-9 && at <= high + 1e-9) found.push(Number((step * base ** e).toPrecision(12)));
      }
  return found;
}

/** The ticks whose labels keep `gap` of each other; the first always stays, then the powers of two are preferred. */
export function thin(ticks, place, gap) {
  const kept = [];
  const fits = (tick) => kept.every((other) => Math.abs(place(other) - place(tick)) >= gap);
  const isPower = (tick) => Number.isInteger(Math.log2(tick));
  for (const tick of [...ticks.filter(isPower), ...ticks.filter((each) => !isPower(each))])
    if (fits(tick)) kept.push(tick);
  return kept.sort((a, b) => a - b);
}

/** Quantiles at equal distances (0 % … 100 %) as points [value, share], rising in both. */
export function ecdf(quantiles) {
  const last = Math.max(quantiles.length - 1, 1);
  const points = [];
  [...quantiles]
    .sort((a, b) => a - b)
    .forEach((value, i) => {
      if (points.length > 0 && points.at(-1)[0] === value) points.pop();
      points.push([value, i / last]);
    });
  return points;
}

/** Moves positions apart until neighbours keep `gap`, as little as possible, inside [min, max]. Keeps their order. */
export function spread(positions, gap, min, max) {
  const order = positions.map((_, i) => i).sort((a, b) => positions[a] - positions[b] || a - b);
  const placed = [...positions];
  let free = min;
  for (const i of order) {
    placed[i] = Math.max(placed[i], free);
    free = placed[i] + gap;
  }
  free = max;
  for (const i of order.reverse()) {
    placed[i] = Math.min(placed[i], free);
    free = placed[i] - gap;
  }
  return placed;
}

/** Puts events [start, duration, …] that overlap into rows: the row of each event, in their order by start. */
export function pack(events) {
  const ends = [];
  const rows = [];
  const order = events.map((_, i) => i).sort((a, b) => events[a][0] - events[b][0]);
  for (const i of order) {
    const [start, duration] = events[i];
    let row = ends.findIndex((end) => end <= start + 1e-9);
    if (row < 0) row = ends.length;
    ends[row] = start + duration;
    rows[i] = row;
  }
  return {rows, count: Math.max(ends.length, 1)};
}
