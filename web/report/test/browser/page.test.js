// The built page as a reader has it: opened from disk, on a desk and on a phone.

import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {after, before, test} from "node:test";

import {article, comparison, fetching, hostile, job, scaling} from "../fixtures.js";
import {startBrowser} from "./open.js";

const FIXTURES = {
  "a scaling run": [scaling()],
  "the article with Python": [article()],
  "requests in flight and sizes": [fetching()],
  "two runs": comparison(),
  "one job": [job()],
  "hostile data": [hostile()],
};

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser?.stop());

/** Opens, checks, and asserts that nothing went wrong on the way. */
async function reading(runs, options, check) {
  const {page, troubles, close} = await browser.open(runs, options);
  await check(page);
  assert.deepEqual(troubles, []);
  await close();
}

const figure = (page, title) =>
  page.locator("figure").filter({has: page.getByRole("heading", {name: title, exact: true})});
const pixels = (chart) => chart.locator("canvas").evaluate((canvas) => canvas.toDataURL());

/** Runs in the page: which texts of a canvas are cut off or lie on each other, and what sticks out of the page. */
function badLayout() {
  const bad = [];
  for (const canvas of document.querySelectorAll("canvas")) {
    const {clientWidth: width, clientHeight: height, texts} = canvas;
    const title = canvas.closest("figure").querySelector("h3").textContent;
    texts.forEach((a, i) => {
      const out = a.left < -1 || a.right > width + 1 || a.top < -2 || a.bottom > height + 2;
      if (out) bad.push(`${title}: "${a.text}" is cut off`);
      for (const b of texts.slice(i + 1))
        if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
          bad.push(`${title}: "${a.text}" lies on "${b.text}"`);
    });
  }
  for (const element of document.querySelectorAll("main *")) {
    const box = element.getBoundingClientRect();
    const scrolls = element.closest(".scroll, .u-wrap, select");
    if (!scrolls && box.width > 0 && (box.left < -1 || box.right > innerWidth + 1))
      bad.push(`<${element.tagName} ${element.className}> sticks out: ${element.textContent.slice(0, 40)}`);
  }
  for (const group of document.querySelectorAll(".legend, .tiles, figcaption, .masthead, .parameters > div")) {
    const boxes = [...group.children].map((each) => each.getBoundingClientRect());
    boxes.forEach((a, i) => {
      for (const b of boxes.slice(i + 1))
        if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
          bad.push(`parts of ${group.className || group.tagName} overlap: ${group.textContent.slice(0, 60)}`);
    });
  }
  if (document.documentElement.scrollWidth > innerWidth) bad.push("the page scrolls sideways");
  return bad;
}

for (const [name, runs] of Object.entries(FIXTURES))
  for (const width of [360, 1280])
    test(`${name} at ${width} px: no error, no request, nothing cut off, nothing on top of each other`, () =>
      reading(runs, {width, colorScheme: width === 360 ? "dark" : "light"}, async (page) => {
        assert.deepEqual(await page.evaluate(badLayout), []);
      }));

test("a page without data says so", async () => {
  const {page, close} = await browser.open(null);
  assert.match(await page.getByRole("alert").textContent(), /no data yet/);
  await close();
});

test("data cannot become markup", () =>
  reading([hostile()], {}, async (page) => {
    assert.equal(await page.evaluate(() => window.owned), undefined);
    assert.equal(await page.locator("main img, main script").count(), 0);
    assert.match(await page.title(), /^<\/script><script>/);
    assert.match(await page.locator("h1").textContent(), /^<\/script><script>/);
  }));

/** "12.44 s" to 12.44, whatever the unit of time. */
function inSeconds(text) {
  const [value, unit] = text.replaceAll(",", "").split(" ");
  return Number(value) * {s: 1, ms: 1e-3, µs: 1e-6}[unit];
}
const near = (shown, value, tolerance) => Math.abs(shown - value) <= Math.abs(value) * tolerance;

test("the table shows the numbers of the data", () =>
  reading([scaling()], {}, async (page) => {
    const rows = await page
      .locator("#figures tbody tr")
      .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
    const {cells} = scaling();
    assert.equal(rows.length, cells.length);
    rows.forEach(([, tasks, median, low, high, rate, speedup, efficiency, failed, repeats], i) => {
      const cell = cells[i];
      for (const [text, value] of [
        [median, cell.median_s],
        [low, cell.low_s],
        [high, cell.high_s],
      ])
        assert.ok(near(inSeconds(text), value, 5.1e-4), `${text} is not ${value}`);
      assert.ok(near(Number(rate.replaceAll(",", "").split(" ")[0]), cell.tasks_per_s, 5e-3), rate);
      assert.ok(near(Number(speedup.replace("×", "")), cell.speedup.value, 5e-3), speedup);
      assert.equal(efficiency, `${Math.round(cell.efficiency * 100)} %`);
      assert.deepEqual([tasks, failed, repeats], ["2,000", "0", "5"]);
    });
  }));

test("the table sorts both ways and by number, and says how", () =>
  reading([scaling()], {}, async (page) => {
    const medians = () => page.locator("#figures tbody td:nth-child(3)").allTextContents();
    const expected = scaling()
      .cells.map((cell) => cell.median_s)
      .sort((a, b) => a - b);
    const check = (texts, values) =>
      texts.forEach((text, i) => assert.ok(near(inSeconds(text), values[i], 5.1e-4), text));
    await page.getByRole("button", {name: "Median"}).press("Enter");
    check(await medians(), expected);
    assert.equal(await page.locator("#figures th:nth-child(3)").getAttribute("aria-sort"), "ascending");
    await page.getByRole("button", {name: "Median"}).click();
    check(await medians(), expected.reverse());
    assert.equal(await page.locator("#figures th:nth-child(3)").getAttribute("aria-sort"), "descending");
  }));

test("what a speed-up chart draws are the measured points, the ideal and the names", () =>
  reading([scaling()], {}, async (page) => {
    const texts = await figure(page, "Speed-up")
      .first()
      .locator("canvas")
      .evaluate((canvas) => canvas.texts.map((each) => each.text));
    assert.deepEqual(
      texts.sort(),
      ["1", "2", "4", "6", "8", "1×", "2×", "4×", "8×", "ideal", "threads", "threads"].sort(),
    );
  }));

test("the arrow keys and the mouse say the same values, those of the data", () =>
  reading([scaling()], {}, async (page) => {
    const chart = figure(page, "Speed-up").first();
    const answer = chart.getByRole("status");
    await chart.locator(".plot").focus();
    await page.keyboard.press("End");
    const said = await answer.innerText();
    const best = scaling().cells.find((cell) => cell.id === "threads-w1-t8");
    assert.match(said, /^threads, 1 worker × 8 threads\nspeed-up [\d.]+×\n95 %: [\d.]+–[\d.]+×\nefficiency \d+ %$/);
    assert.equal(/speed-up ([\d.]+)/.exec(said)[1], best.speedup.value.toFixed(2));
    const ring = await chart.locator(".ring").boundingBox();
    await page.keyboard.press("Escape");
    assert.ok(await answer.isHidden());
    await page.mouse.move(ring.x + ring.width / 2 + 2, ring.y + ring.height / 2 - 2);
    assert.equal(await answer.innerText(), said);
    await page.mouse.move(5, 5);
    assert.ok(await answer.isHidden());
  }));

test("every chart answers the arrow keys", () =>
  reading([fetching()], {}, async (page) => {
    for (const plot of await page.locator(".plot").all()) {
      await plot.focus();
      await page.keyboard.press("ArrowRight");
      assert.match(await plot.locator("xpath=..").getByRole("status").innerText(), /\S+\n\S+/);
    }
  }));

test("a key hides its series and shows it again", () =>
  reading([scaling()], {}, async (page) => {
    const chart = figure(page, "Time by mode");
    const key = chart.getByRole("button", {name: "processes"});
    const [full, names] = [
      await pixels(chart),
      () => chart.locator("canvas").evaluate((canvas) => canvas.texts.map((each) => each.text)),
    ];
    assert.ok((await names()).includes("processes, 8 workers"));
    await key.press("Space");
    assert.equal(await key.getAttribute("aria-pressed"), "false");
    assert.ok(!(await names()).includes("processes, 8 workers"));
    await key.click();
    assert.equal(await pixels(chart), full);
  }));

test("of many latency curves only the fastest of each mode are on at first", () =>
  reading([scaling()], {}, async (page) => {
    const on = figure(page, "Latency of a task").locator('.legend [aria-pressed="true"]');
    assert.deepEqual(await on.allTextContents(), ["serial", "threads, 1 worker × 8 threads", "processes, 8 workers"]);
  }));

test("a switch changes the axis", () =>
  reading([article()], {}, async (page) => {
    const chart = figure(page, "Time by mode: factorial");
    const linear = await pixels(chart);
    await chart.getByRole("button", {name: "logarithmic"}).click();
    assert.notEqual(await pixels(chart), linear);
    assert.deepEqual(await page.evaluate(badLayout), []);
  }));

async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return {name: download.suggestedFilename(), bytes: readFileSync(await download.path())};
}

test("every chart is saved as SVG and as PNG, with its heading and keys", () =>
  reading([scaling()], {}, async (page) => {
    for (const chart of await page.locator("figure").all()) {
      const title = await chart.locator("h3").textContent();
      const svg = await saved(page, chart.getByRole("button", {name: `Save ${title} as SVG`}));
      const texts = await page.evaluate((source) => {
        const picture = new DOMParser().parseFromString(source, "image/svg+xml");
        if (picture.querySelector("parsererror")) return picture.documentElement.textContent;
        return [...picture.querySelectorAll("text")].map((each) => each.textContent);
      }, svg.bytes.toString());
      assert.ok(texts.includes(title), `${title}: ${texts}`);
      const drawn = await chart.locator("canvas").evaluate((canvas) => canvas.texts.map((each) => each.text));
      assert.ok(drawn.filter((text) => texts.includes(text)).length > drawn.length / 2, `${title}: ${texts}`);
      assert.doesNotMatch(svg.bytes.toString(), /NaN|undefined|Infinity| d="[^M]/);

      const png = await saved(page, chart.getByRole("button", {name: `Save ${title} as PNG`}));
      assert.deepEqual([...png.bytes.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
      assert.equal(png.bytes.readUInt32BE(16), 1760);
      assert.ok(png.bytes.length > 10_000, `${title} is empty`);
      assert.match(png.name, /^[a-z-]+\.png$/);
    }
  }));

test("the table is saved as CSV", () =>
  reading([scaling()], {}, async (page) => {
    const {name, bytes} = await saved(page, page.getByRole("button", {name: "CSV"}));
    const lines = bytes.toString().trimEnd().split("\r\n");
    assert.equal(name, "factorial-1-2000.csv");
    assert.equal(lines.length, 1 + scaling().cells.length);
    assert.ok(lines[1].startsWith("serial,2000,") && lines[1].includes(String(scaling().cells[0].median_s)));
  }));

test("the exact command is copied", () =>
  reading([job()], {}, async (page) => {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", {name: "Copy"}).click();
    await page.getByRole("button", {name: "Copied"}).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), job().command);
    assert.equal(await page.locator(".command code").textContent(), job().command);
  }));

test("light and dark: as the system has it, until the reader chooses", () =>
  reading([scaling()], {colorScheme: "dark"}, async (page) => {
    const chart = figure(page, "Time by mode");
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const [dark, darkChart] = [await paper(), await pixels(chart)];
    await page.getByRole("button", {name: "Switch between light and dark"}).click();
    assert.notEqual(await paper(), dark);
    assert.notEqual(await pixels(chart), darkChart);
  }));

test("two runs have a table of ratios, and share the charts", () =>
  reading(comparison(), {}, async (page) => {
    const [before, now] = comparison();
    const ratios = await page.locator("#ratios tbody td:nth-child(4) b").allTextContents();
    const expected = before.cells.map((cell, i) => now.cells[i].median_s / cell.median_s);
    ratios.forEach((text, i) => assert.ok(near(Number(text.replace("×", "")), expected[i], 5e-3), text));
    assert.equal(ratios.length, before.cells.length);
    assert.equal(await figure(page, "Speed-up").first().getByRole("button", {name: "threads"}).count(), 2);
  }));

test("one job has the charts that it has data for, and no others", () =>
  reading([job()], {}, async (page) => {
    const titles = await page.locator("figure h3").allTextContents();
    assert.deepEqual(titles, ["Where a task’s time goes", "Latency of a task", "Timeline"]);
    assert.equal(await page.locator("h2").filter({hasText: "What the curves say"}).count(), 0);
  }));

test("fits that found nothing say why", () =>
  reading([fetching()], {}, async (page) => {
    const said = await page.locator(".fit .status").allTextContents();
    assert.deepEqual(said, ["did not converge.", "not enough points.", "not enough points."]);
  }));

test("printed, there are no buttons to press and nothing is cut off", () =>
  reading([scaling()], {width: 760}, async (page) => {
    await page.emulateMedia({media: "print"});
    assert.ok(await page.locator("#theme").isHidden());
    assert.ok(await page.locator(".tools").first().isHidden());
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  }));

test("the file has one place for the data and asks nobody for anything", () => {
  const file = readFileSync(new URL("../../dist/report.html", import.meta.url), "utf8");
  assert.equal(file.split('<script type="application/json" id="brigade-data">null</script>').length, 2);
  assert.equal(file.split("brigade-data").length, 3); // there, and where the script reads it
  assert.match(file, /default-src 'none'/);
  assert.doesNotMatch(file, /<link[^>]*href="(?!data:)|<script[^>]*src=|@import|url\((?!#)/);
  assert.match(file, /Leon Sorokin[^]*Permission is hereby granted/);
});
