// The pages of hp-web in a real browser. From the environment: CHROMIUM, POOL_URL, PROXY_URL, STATS_URL, RECORDS (a FIFO whose
// other end hp-stats reads), SCREENSHOTS (a directory).
import assert from "node:assert/strict";
import { openSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import puppeteer from "puppeteer-core";

const { CHROMIUM, POOL_URL, PROXY_URL, STATS_URL, RECORDS, SCREENSHOTS, API_PORT, MINER_PORT } = process.env;
const records = openSync(RECORDS, "w");
const put = (type, fields, source = "hp-pool", at = Date.now()) =>
  writeSync(records, JSON.stringify({ v: 1, ts_ms: at, type, source, ...fields }) + "\n");

// What a worker may be called.
const names = ["rig1", "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</script>", "a\u2028b", "=cmd()", "😀".repeat(20), ""];

// hp-proxy's part, as e2e/faucet.bats has it from the real one: one token, then too early.
const token = "cashuB" + "o2F0gaJhaUgBFBfKxrqeSGFw".repeat(30);
let given = 0;
const faucet = createServer((request, response) => {
  const [status, body] = request.method === "GET" ? [200, { balance: 1234, unit: "hash", amount_max: 20, wait_ms: 0 }]
    : given++ === 0 ? [200, { token, amount: 20, unit: "hash" }] : [429, { error: "one token every 30 s" }];
  response.writeHead(status, { "content-type": "application/json", ...(status === 429 ? { "retry-after": "30" } : {}) });
  response.end(JSON.stringify(body));
});

let browser;
before(async () => {
  await new Promise((done) => faucet.listen(Number(API_PORT), "127.0.0.1", done));
  browser = await puppeteer.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
});
after(async () => { await browser.close(); faucet.closeAllConnections(); faucet.close(); });

// A page that fails the test for anything that it says, opens or fetches from elsewhere.
async function open(url, viewport) {
  const page = await browser.newPage();
  page.problems = [];
  page.on("console", (message) => { if (["error", "warn"].includes(message.type())) page.problems.push(message.text()); });
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("dialog", async (dialog) => { page.problems.push(`dialog: ${dialog.message()}`); await dialog.dismiss(); });
  page.on("request", (request) => { if (!request.url().startsWith(url)) page.problems.push(`asks ${request.url()}`); });
  page.on("requestfailed", (request) => {
    if (!request.url().endsWith("/events")) page.problems.push(`failed: ${request.url()}`);
  });
  await page.setViewport(viewport);
  await page.goto(url, { waitUntil: "load" });
  return page;
}
const textOf = (page, id) => page.$eval(`#${id}`, (at) => at.textContent);
const digits = (text) => Number(text.replaceAll(",", ""));
const waitForText = (page, id, text, timeout = 10_000) =>
  page.waitForFunction((i, t) => document.getElementById(i).textContent === t, { timeout, polling: 50 }, id, text);

const wide = { width: 1280, height: 1000 };
const narrow = { width: 375, height: 800, isMobile: true, hasTouch: true };

test("the pool's page shows what the API says, and changes within two seconds", async () => {
  const page = await open(POOL_URL, wide);
  await waitForText(page, "freshness", "live");
  const figures = await (await fetch(`${STATS_URL}/api/v1/figures?minutes=60`)).json();
  await page.waitForFunction((n) => document.querySelectorAll("#workers tbody tr").length === n, {}, figures.workers.length);
  assert.equal(digits(await textOf(page, "shares")), figures.shares_accepted);
  assert.equal(digits(await textOf(page, "quotes")), figures.quotes_created);
  assert.equal(digits(await textOf(page, "ehash")), figures.share_amount);
  assert.equal(await textOf(page, "channels"), "3");
  assert.match(await textOf(page, "hashrate"), /^[0-9.]+ kH\/s$/);
  assert.match(await textOf(page, "hashrate-range"), /^[0-9.]+ kH\/s to [0-9.]+ kH\/s$/);
  // Names are names.
  const shown = await page.$$eval("#workers tbody td.name", (cells) => cells.map((cell) => cell.textContent));
  assert.deepEqual([...shown].sort(), names.map((name) => name || "(no name)").sort());
  assert.equal(await page.$("#workers script, #workers img"), null);
  const { items } = await (await fetch(`${STATS_URL}/api/v1/clients?order=hashrate`)).json();
  assert.deepEqual(await page.$$eval("#clients tbody tr", (rows) => rows.map((row) => [row.cells[0].textContent, row.cells[1].textContent])),
                   items.map((client) => [client.peer, client.program]));
  assert.equal(await page.$("#clients script"), null);
  await page.waitForSelector("#chart canvas");
  assert.match(await textOf(page, "chart-text"), /lowest .* highest .* interval/);

  const canvas = await (await page.$("#chart")).boundingBox();
  await page.mouse.move(canvas.x + canvas.width / 2, canvas.y + canvas.height / 2);
  await page.waitForFunction(() => /: [0-9.]+ kH\/s$/.test(document.getElementById("chart-at").textContent));

  const began = performance.now();
  put("share_accepted", { worker: "rig1", amount: 5, work_hashes: 2000 });
  await waitForText(page, "shares", (figures.shares_accepted + 1).toLocaleString("en"), 2_000);
  console.log(`# a record is on the page after ${Math.round(performance.now() - began)} ms`);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("services: each with its state, and a mint that goes down is seen to", async () => {
  const page = await open(POOL_URL, wide);
  const rows = () => page.$$eval("#services tbody tr", (all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  const status = (connected) => {
    put("pool_status", { connections: 2, channels: 3, outbox_pending: 4, outbox_dead: 0 });
    put("mint_status", { mint: "alpha", connected, since_ms: Date.now() - 60_000, pending: connected ? 0 : 7, oldest_age_ms: 65_000 });
  };
  const stateIs = (name, state) =>
    page.waitForFunction((n, s) => [...document.querySelectorAll("#services tbody tr")].some(
      (row) => row.cells[0].textContent === n && row.cells[1].textContent === s), { timeout: 5_000 }, name, state);
  status(true);
  await stateIs("mint alpha", "up");
  status(false);
  await stateIs("mint alpha", "down");
  const mint = (await rows()).find((row) => row[0] === "mint alpha");
  assert.equal(mint[3], "7 quotes wait, the oldest for 65 s");
  assert.deepEqual((await rows()).find((row) => row[0] === "pool").slice(0, 2), ["pool", "up"]);
  status(true);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("the keyboard reaches what the mouse does, and each thing has a name", async () => {
  const page = await open(POOL_URL, wide);
  await waitForText(page, "freshness", "live");
  const focused = () => page.evaluate(() => document.activeElement.dataset.span ?? document.activeElement.className);
  const seen = [];
  for (let i = 0; i < 4; ++i) { await page.keyboard.press("Tab"); seen.push(await focused()); }
  assert.deepEqual(seen, ["skip", "1h", "24h", "7d"]);
  await page.keyboard.press("Enter");
  assert.deepEqual(await page.$$eval("[data-span]", (all) => all.map((b) => b.getAttribute("aria-pressed"))), ["false", "false", "true"]);
  await page.waitForSelector("#chart canvas");
  const tree = JSON.stringify(await page.accessibility.snapshot({ interestingOnly: false }));
  for (const name of ["Now", "Accepted work over time", "Services", "Workers, last hour", "Time to show", "Hash rate"])
    assert.ok(tree.includes(name), `${name} is in the accessibility tree`);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("wide and narrow, light and dark: nothing runs over the edge", async () => {
  for (const [side, url] of [["pool", POOL_URL], ["proxy", PROXY_URL]])
    for (const [shape, viewport] of [["wide", wide], ["narrow", narrow]])
      for (const scheme of ["light", "dark"]) {
        const page = await open(url, viewport);
        await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        await waitForText(page, "freshness", "live");
        if (side === "pool") await page.waitForSelector("#chart canvas");
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(over <= 0, `${side} ${shape}: ${over} pixels too wide`);
        const hidden = await page.$$eval(".wide", (all) => all.filter((at) => at.scrollWidth > at.clientWidth).map((at) => at.firstElementChild.id));
        assert.deepEqual(hidden, [], `${side} ${shape}: tables to scroll sideways`);
        await page.screenshot({ path: `${SCREENSHOTS}/${side}-${shape}-${scheme}.png`, fullPage: true });
        assert.deepEqual(page.problems, []);
        await page.close();
      }
});

test("the proxy's page", async () => {
  const page = await open(PROXY_URL, wide);
  await waitForText(page, "balance", "1,234");
  assert.equal(await textOf(page, "miners"), "2");
  assert.equal(await textOf(page, "tokens"), "1");
  assert.equal(await page.$eval("#miner-url", (at) => at.value), `stratum+tcp://127.0.0.1:${MINER_PORT}`);
  assert.deepEqual(await page.$$eval("#workers tbody tr", (rows) => rows.map((row) => row.cells[0].textContent)), ["rig1"]);
  assert.deepEqual(await page.$$eval("#clients tbody tr", (rows) => rows.map((row) => [...row.cells].slice(0, 6).map((cell) => cell.textContent))),
                   [["rig1", names[1], "22.2 TH/s", "15 TH/s to 31.7 TH/s", "300", "2"]]);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("the faucet: a token with its code, then how long to wait; copying", async () => {
  const page = await open(PROXY_URL, wide);
  await browser.defaultBrowserContext().overridePermissions(PROXY_URL, ["clipboard-read", "clipboard-write"]);
  await page.waitForSelector("#faucet:not([hidden])");
  assert.equal(await textOf(page, "faucet-max"), "20");
  await page.click("#faucet-take");
  await waitForText(page, "faucet-text", "20 ehash:");
  assert.equal(await page.$eval("#token", (at) => at.value), token);
  // A code is half dark.
  const dark = await page.$eval("#token-qr", (at) => {
    const bytes = at.getContext("2d").getImageData(0, 0, at.width, at.height).data;
    let count = 0;
    for (let i = 0; i < bytes.length; i += 4) count += bytes[i] < 128;
    return count / (bytes.length / 4);
  });
  assert.ok(dark > 0.3 && dark < 0.6, `${dark} of the code is dark`);
  await page.screenshot({ path: `${SCREENSHOTS}/proxy-token.png`, fullPage: true });
  await page.click("[data-copy=token]");
  await page.waitForFunction(() => document.querySelector("[data-copy=token]").textContent === "Copied");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), token);
  await page.click("#faucet-take");
  await waitForText(page, "faucet-text", "No token: one token every 30 s; try again in 30 s.");
  assert.equal(await page.$eval("#faucet-token", (at) => at.hidden), true);
  assert.deepEqual(page.problems.filter((what) => !what.includes("status of 429")), []);
  await page.close();
});

