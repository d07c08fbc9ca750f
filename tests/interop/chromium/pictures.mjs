// Takes the pictures of the docs. In a directory with a configuration conf; from the environment: CHROMIUM, PICTURES (a directory),
// POOL_LISTEN, PROXY_LISTEN (of hp-web), API_LISTEN (of hp-proxy's faucet), PICTURE_DAYS (of records; fewer are quicker).
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import puppeteer from "puppeteer-core";
import { history, live, status, tokenText } from "./believable.mjs";

const { CHROMIUM, PICTURES, POOL_LISTEN, PROXY_LISTEN, API_LISTEN } = process.env;
const HOST = "hashpool.home.arpa";
const DAYS = Number(process.env.PICTURE_DAYS ?? 8);  // eight, so that the oldest point of seven days is whole
const sides = ["pool", "proxy"];
const children = [];
process.on("exit", () => { for (const child of children) child.kill("SIGKILL"); });

function start(command, ...rest) {
  const child = spawn(command, [...rest, "--config-dir", "conf"], { stdio: ["pipe", "ignore", "pipe"] });
  child.log = "";
  child.stderr.on("data", (text) => { child.log += text; });
  child.stdin.on("error", () => {});
  child.on("exit", (code) => { if (code !== null) { console.error(`${command} has ended with ${code}:\n${child.log}`); process.exit(1); } });
  children.push(child);
  return child;
}
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const portOf = (listen) => listen.slice(listen.lastIndexOf(":") + 1);

// ---- the records

const ingest = Object.fromEntries(sides.map((side) => [side, start("hp-stats", "ingest", "--side", side)]));
const write = async (side, text) => { if (text && !ingest[side].stdin.write(text)) await new Promise((done) => ingest[side].stdin.once("drain", done)); };

const began = Date.now();
console.error(`pictures: writing ${DAYS} days of records`);
for (const piece of history(began, DAYS)) for (const side of sides) await write(side, piece[side]);
let saidMs = began;
const isSilent = { pool: false, proxy: false };
setInterval(() => {
  const now = Date.now();
  const said = live(saidMs, now), is = status(began, now);
  saidMs = now;
  for (const side of sides) if (!isSilent[side]) write(side, said[side] + is[side]);
}, 500);

// ---- the pages

let given = 0;
const faucet = createServer((request, response) => {
  const isGiven = request.method === "POST" && given++ > 0;
  response.writeHead(isGiven ? 429 : 200, { "content-type": "application/json", ...(isGiven ? { "retry-after": "30" } : {}) });
  response.end(JSON.stringify(request.method === "GET" ? { balance: 6_841_203_377, unit: "hash", amount_max: 1_000_000, wait_ms: 0 }
    : isGiven ? { error: "one token every 30 s" } : { token, amount: 1_000_000, unit: "hash" }));
});
const token = tokenText();

start("hp-stats", "serve", "--side", "pool");
start("hp-stats", "serve", "--side", "proxy");
start("hp-web", "pool");
start("hp-web", "proxy", "--public-names", HOST, "--proxy-listen", "0.0.0.0:34255");
const browser = await puppeteer.launch({ executablePath: CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--lang=en-US", `--host-resolver-rules=MAP ${HOST} 127.0.0.1`] });
const urls = { pool: `http://${HOST}:${portOf(POOL_LISTEN)}`, proxy: `http://${HOST}:${portOf(PROXY_LISTEN)}` };
const wide = { width: 1280, height: 1000 };
const narrow = { width: 375, height: 800, isMobile: true, hasTouch: true };

async function open(side, viewport, scheme = "light") {
  const page = await browser.newPage();
  page.on("pageerror", (error) => { console.error(`pictures: ${side}: ${error}`); process.exitCode = 1; });
  await page.setViewport(viewport);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  for (let tries = 0; ; ++tries) {
    try { await page.goto(urls[side], { waitUntil: "load" }); break; } catch (error) { if (tries === 100) throw error; await pause(100); }
  }
  // All records are read, and each list is there.
  await page.waitForFunction(() => document.getElementById("freshness").textContent === "live" && document.querySelector("#clients tbody tr") &&
    document.querySelector("#workers tbody tr") && !document.getElementById("refused-section").hidden, { timeout: 120_000 });
  return page;
}
const take = (page, name) => page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true });
async function picture(name, side, viewport, scheme, look = async () => {}) {
  const page = await open(side, viewport, scheme);
  if (side === "pool") await page.waitForSelector("#chart canvas");
  await look(page);
  await take(page, name);
  await page.close();
  console.error(`pictures: ${name}.png`);
}
async function showSpan(page, span) {
  const before = await page.$eval("#chart-text", (at) => at.textContent);
  await page.click(`[data-span="${span}"]`);
  await page.waitForFunction((text) => document.getElementById("chart-text").textContent !== text && document.querySelector("#chart canvas"), {}, before);
}

await picture("pool-wide-light", "pool", wide, "light", (page) => showSpan(page, "24h"));
await picture("pool-narrow-dark", "pool", narrow, "dark", (page) => showSpan(page, "7d"));
await picture("proxy-wide-light", "proxy", wide, "light");
await picture("proxy-narrow-light", "proxy", narrow, "light");
await new Promise((done) => faucet.listen(Number(portOf(API_LISTEN)), "127.0.0.1", done));
await picture("proxy-token", "proxy", wide, "light", async (page) => {
  for (let i = 0; i < 2; ++i) {
    await page.waitForSelector("#faucet-take:not([disabled])", { visible: true });
    await page.click("#faucet-take");
    await page.waitForFunction((begin) => document.getElementById("faucet-text").textContent.startsWith(begin), {}, i === 0 ? "Here" : "No token");
  }
});
await picture("pool-silent", "pool", wide, "light", async (page) => {
  isSilent.pool = true;
  await page.waitForFunction(() => /^5\s*s old$/.test(document.getElementById("age").textContent), { polling: 50 });
});
for (const side of sides) {
  const state = await (await fetch(`${urls[side].replace(HOST, "127.0.0.1")}/api/state`)).json();
  const { records_unknown: unknown, records_damaged: damaged } = state.figures;
  if (unknown !== 0 || damaged !== 0) { console.error(`pictures: ${side}: ${unknown} records are unknown, ${damaged} damaged`); process.exitCode = 1; }
}
await browser.close();
process.exit();
