// What the tests share: one browser, pages that fail a test for anything they complain of, and programs that speak each second
// through FIFOs which hp-stats reads. From the environment: CHROMIUM, POOL_URL, PROXY_URL, STATS_URL, POOL_RECORDS, PROXY_RECORDS
// (FIFOs), SCREENSHOTS (a directory), API_PORT (of hp-proxy's faucet), MINER_PORT.
import { openSync, writeSync } from "node:fs";
import { after } from "node:test";
import puppeteer from "puppeteer-core";

export const { CHROMIUM, POOL_URL, PROXY_URL, STATS_URL, POOL_RECORDS, PROXY_RECORDS, SCREENSHOTS, API_PORT, MINER_PORT } = process.env;
export const browser = await puppeteer.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--lang=en-US"] });

// ---- programs that speak

const fifos = POOL_RECORDS ? { "hp-pool": openSync(POOL_RECORDS, "w"), "hp-proxy": openSync(PROXY_RECORDS, "w") } : {};
export const putLine = (source, line) => writeSync(fifos[source], line + "\n");
export const put = (source, type, fields, at = Date.now()) => putLine(source, JSON.stringify({ v: 1, ts_ms: at, type, source, ...fields }));

// What a worker may be called.
export const names = ["rig1", "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</script>", "a\u2028b", "=cmd()", "😀".repeat(20), ""];

// Who is there, besides.
const channel = { channel_id: 1, kind: "extended", worker: names[2], opened_ms: Date.now() - 3_600_000, shares_accepted: 870, shares_rejected: 1,
  window_s: 240, window_shares: 60, window_work_hashes: 2.4e6, window_work_squared: 1.2e11, window_work_max: 2e4 };
const miner = { miner_id: 1, peer: "192.0.2.7:5", worker: "rig1", user_agent: names[1], connected_ms: Date.now() - 3_000_000, shares_accepted: 300,
  shares_rejected: 2, last_share_ms: Date.now() - 9000, window_s: 270, window_shares: 30, window_work_hashes: 6e15, window_work_squared: 1.2e30, window_work_max: 2e14 };

// What each says every second; null: it is silent.
export const speech = {
  pool: { started_ms: Date.now() - 7_200_000, connections: 2, channels: 3, outbox_pending: 4, outbox_dead: 0,
    template_provider_connected: true, template_provider_since_ms: Date.now() - 60_000, has_template: true, template_age_ms: 9_000 },
  mint: { mint: "alpha", connected: true, since_ms: Date.now() - 60_000, pending: 0 },
  proxy: { started_ms: Date.now() - 7_200_000, miners: 2, pool_connected: true, mint_connected: true, wallet_balance: 1234 },
};
export const speak = () => {
  if (speech.pool) {
    put("hp-pool", "pool_status", speech.pool);
    ["hp-proxy", names[1]].forEach((program, i) => put("hp-pool", "channel_status", { ...channel, connection_id: i + 1, peer: `192.0.2.${i}:4000`, program }));
  }
  if (speech.pool && speech.mint) put("hp-pool", "mint_status", speech.mint);
  if (speech.proxy) {
    put("hp-proxy", "proxy_status", speech.proxy);
    put("hp-proxy", "downstream_status", miner);
  }
};
const speaking = POOL_RECORDS ? setInterval(speak, 500) : null;
after(async () => { clearInterval(speaking); await browser.close(); });

// ---- pages

export const wide = { width: 1280, height: 1000 };
export const narrow = { width: 375, height: 800, isMobile: true, hasTouch: true };
// What 1280 pixels are at a zoom of 200 %.
export const zoomed = { width: 640, height: 500, deviceScaleFactor: 2 };

// A page that notes whatever it says, opens or fetches from elsewhere in `problems`.
// Of the pages in one window only the last can be seen; `window` (a context of the browser) is another one.
export async function open(url, viewport, prepare = async () => {}, window = browser) {
  const page = await window.newPage();
  page.problems = [];
  page.on("console", (message) => { if (["error", "warn"].includes(message.type())) page.problems.push(message.text()); });
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("dialog", async (dialog) => { page.problems.push(`dialog: ${dialog.message()}`); await dialog.dismiss(); });
  page.on("request", (request) => { if (!request.url().startsWith(url)) page.problems.push(`asks ${request.url()}`); });
  page.on("requestfailed", (request) => page.problems.push(`failed: ${request.url()}`));
  await page.setViewport(viewport);
  await prepare(page);
  await page.goto(url, { waitUntil: "load" });
  return page;
}
// What is read is compared, whether or not a line may break at its spaces.
export const spaced = (text) => text.replaceAll("\u00a0", " ");
export const textOf = async (page, id) => spaced(await page.$eval(`#${id}`, (at) => at.textContent));
export const cellsOf = async (page, rows, count) => (await page.$$eval(rows, (all) => all.map((row) => [...row.cells].map((cell) => cell.textContent))))
  .map((cells) => cells.slice(0, count).map(spaced));
export const waitForText = (page, id, text, timeout = 10_000) =>
  page.waitForFunction((i, t) => document.getElementById(i).textContent.replaceAll("\u00a0", " ") === t, { timeout, polling: 50 }, id, text);
export const waitForMatch = (page, id, pattern, timeout = 10_000) =>
  page.waitForFunction((i, p) => new RegExp(p).test(document.getElementById(i).textContent.replaceAll("\u00a0", " ")), { timeout, polling: 50 }, id, pattern.source);
// Until a row of Services has this state.
export const waitForState = (page, name, state, timeout = 10_000) =>
  page.waitForFunction((n, s) => [...document.querySelectorAll("#services tbody tr")].some(
    (row) => row.cells[0].textContent === n && row.cells[1].textContent === s), { timeout, polling: 50 }, name, state);
export const isOld = (page) => page.evaluate(() => document.body.classList.contains("old"));
