// Pictures of every fixture for the eye: node test/browser/shots.js FOLDER

import {mkdirSync} from "node:fs";
import {join} from "node:path";

import {article, comparison, fetching, hostile, job, scaling} from "../fixtures.js";
import {startBrowser} from "./open.js";

const folder = process.argv[2] ?? "shots";
mkdirSync(folder, {recursive: true});
const fixtures = {
  scaling: [scaling()],
  article: [article()],
  fetching: [fetching()],
  comparison: comparison(),
  job: [job()],
  hostile: [hostile()],
  nothing: null,
};
const {open, stop} = await startBrowser();
for (const [name, runs] of Object.entries(fixtures))
  for (const width of [1280, 360])
    for (const colorScheme of ["light", "dark"]) {
      const {page, troubles, close} = await open(runs, {width, colorScheme});
      await page.screenshot({path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true});
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      console.log(name, width, colorScheme, wide <= width ? "" : `scrolls to ${wide}`, ...troubles);
      await close();
    }
await stop();
