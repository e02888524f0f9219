// Opens the built page with data in Debian's Chromium, and notes whatever goes wrong or asks for a network.

import {mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {pathToFileURL} from "node:url";

import {chromium} from "playwright-core";

const PAGE = new URL("../../dist/report.html", import.meta.url);
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** The page as the client writes it. */
export function withData(runs) {
  const json = JSON.stringify({runs}).replaceAll("</", "<\\/");
  const empty = '<script type="application/json" id="brigade-data">null</script>';
  return readFileSync(PAGE, "utf8").replace(empty, () => empty.replace("null", () => json));
}

/** Runs in the page: keeps the boxes of all texts on each canvas since it was last cleared, in CSS pixels. */
function recordTexts() {
  const {clearRect, fillText} = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    this.canvas.texts = [];
    clearRect.apply(this, box);
  };
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const at = this.getTransform().transformPoint(new DOMPoint(x, y));
    const width = this.measureText(text).width;
    const shift = {right: 1, end: 1, center: 0.5}[this.textAlign] ?? 0;
    const top = {middle: -5, top: 0}[this.textBaseline] ?? -10;
    (this.canvas.texts ??= []).push({
      text,
      left: at.x / devicePixelRatio - shift * width,
      right: at.x / devicePixelRatio + (1 - shift) * width,
      top: at.y / devicePixelRatio + top,
      bottom: at.y / devicePixelRatio + top + 10,
    });
    fillText.call(this, text, x, y);
  };
}

export async function startBrowser() {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is not there: install it with \`apt-get install chromium\``);
  const browser = await chromium.launch({executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"]});
  const folder = mkdtempSync(join(tmpdir(), "brigade-report-"));
  let files = 0;

  /** Opens runs (null: the page without data) at a width; `troubles` grows by each error and each request. */
  async function open(runs, {width = 1280, colorScheme = "light", scale = 1, height = 900} = {}) {
    const file = join(folder, `report-${++files}.html`);
    writeFileSync(file, runs === null ? readFileSync(PAGE, "utf8") : withData(runs));
    const context = await browser.newContext({
      viewport: {width, height},
      colorScheme,
      deviceScaleFactor: scale,
      acceptDownloads: true,
      locale: "de-DE",
      timezoneId: "Asia/Tokyo",
    });
    const page = await context.newPage();
    const troubles = [];
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && troubles.push(message.text()));
    page.on("pageerror", (error) => troubles.push(error.stack ?? error.message));
    page.on("request", (request) => {
      if (request.url() !== pathToFileURL(file).href && !/^(data|blob):/.test(request.url()))
        troubles.push(`asked for ${request.url()}`);
    });
    await page.addInitScript(recordTexts);
    await page.goto(pathToFileURL(file).href);
    await page.waitForFunction(() =>
      [...document.querySelectorAll(".plot")].every((plot) => plot.querySelector("canvas")),
    );
    return {page, troubles, close: () => context.close()};
  }

  async function stop() {
    await browser.close();
    rmSync(folder, {recursive: true, force: true});
  }
  return {open, stop};
}
