import assert from "node:assert/strict";
import {test} from "node:test";

import {ecdf, linear, logarithmic, niceTicks, pack, spread, thin} from "../../src/scale.js";

test("ticks are round, begin at zero and reach the maximum", () => {
  assert.deepEqual(niceTicks(12.9, 5), [0, 5, 10, 15]);
  assert.deepEqual(niceTicks(0.37, 4), [0, 0.1, 0.2, 0.3, 0.4]);
  assert.deepEqual(niceTicks(0), [0, 1]);
  assert.equal(niceTicks(1e300).at(-1), 1e300);
});

test("a linear scale begins at zero and maps to 0…1", () => {
  const scale = linear([3, 12.9], {wanted: 5});
  assert.deepEqual([scale.to(0), scale.to(7.5), scale.to(15)], [0, 0.5, 1]);
  const fitted = linear([3, 12.9], {wanted: 5, fit: true});
  assert.deepEqual([fitted.to(12.9), fitted.ticks], [1, [0, 5, 10]]);
  assert.equal(linear([]).to(0), 0);
});

test("a scale of powers of two has the counts as ticks, equally far when they double", () => {
  const {to, ticks} = logarithmic([1, 2, 4, 6, 8], {base: 2, ticks: [1, 2, 4, 6, 8]});
  assert.deepEqual(ticks, [1, 2, 4, 6, 8]);
  assert.ok(Math.abs(to(4) - to(2) - (to(8) - to(4))) < 1e-12);
  assert.ok(to(1) > 0 && to(8) < 1);
});

test("a logarithmic scale takes what no logarithm has, and one value", () => {
  assert.ok(Number.isFinite(logarithmic([0, -1, 10]).to(10)));
  assert.ok(Number.isFinite(logarithmic([]).to(1)));
  assert.deepEqual(logarithmic([1, 40]).ticks, [1, 2, 5, 10, 20]);
  assert.ok(logarithmic([1e-300, 1e300]).ticks.length <= 9);
});

test("ticks that are too close are left out, powers of two last", () => {
  assert.deepEqual(
    thin([1, 2, 3, 4, 5, 6, 7, 8], (each) => each * 10, 10),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  assert.deepEqual(
    thin([1, 2, 3, 4, 5, 6, 7, 8], (each) => each * 10, 15),
    [1, 4, 6, 8],
  );
});

test("the distribution rises from 0 to 1; equal values are one step", () => {
  assert.deepEqual(ecdf([1, 2, 2, 3, 9]), [
    [1, 0],
    [2, 0.5],
    [3, 0.75],
    [9, 1],
  ]);
  assert.deepEqual(ecdf([]), []);
  assert.deepEqual(ecdf([5]), [[5, 0]]);
});

test("labels move apart, keep their order and stay inside", () => {
  assert.deepEqual(spread([50, 52, 10], 14, 0, 100), [50, 64, 10]);
  assert.deepEqual(spread([98, 97], 14, 0, 100), [100, 86]);
  assert.deepEqual(spread([], 14, 0, 100), []);
});

test("tasks that overlap get rows of their own, the others share one", () => {
  assert.deepEqual(
    pack([
      [0, 2],
      [2, 2],
      [1, 2],
    ]),
    {rows: [0, 0, 1], count: 2},
  );
  assert.deepEqual(pack([]), {rows: [], count: 1});
});
