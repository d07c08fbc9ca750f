// The pages through kills of the real programs. From the environment besides: CONF (their configuration), PIDS (name=pid of
// those that run, by spaces).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, test } from "node:test";
import { POOL_URL, PROXY_URL, SCREENSHOTS, browser, isOld, open, textOf, waitForMatch, waitForState, waitForText, narrow, wide } from "./browser.mjs";

const { CONF, PIDS } = process.env;
const pids = Object.fromEntries(PIDS.split(" ").map((one) => one.split("=")));
const started = new Map();
const commands = {
  pool: ["hp-pool"], mint: ["hp-mint"], proxy: ["hp-proxy"], "serve-pool": ["hp-stats", "serve"], "web-pool": ["hp-web", "pool"],
};
const kill = (name, signal = "SIGKILL") => process.kill(started.get(name)?.pid ?? Number(pids[name]), signal);
function start(name) {
  const [program, ...rest] = commands[name];
  started.set(name, spawn(program, [...rest, "--config-dir", CONF], { stdio: "ignore" }));
}
after(() => { for (const child of started.values()) child.kill("SIGKILL"); });

const inWindow = async (url, viewport) => open(url, viewport, async () => {}, await browser.createBrowserContext());
const pool = await inWindow(POOL_URL, wide), proxy = await inWindow(PROXY_URL, narrow);
const picture = async (page, name) => page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: true });
// The time from a kill until the page says it: it is told, as a busy machine is slow; five seconds are what is wanted.
async function told(what, began, seen) {
  await seen;
  console.log(`# ${what}: on the page after ${((performance.now() - began) / 1000).toFixed(1)} s`);
}
async function allIsWell() {
  await waitForText(pool, "freshness", "live", 20_000);
  await waitForText(proxy, "freshness", "live", 20_000);
  await waitForState(pool, "pool", "up", 20_000);
  await waitForState(pool, "mint", "up", 20_000);
  for (const name of ["proxy", "pool", "mint"]) await waitForState(proxy, name, "up", 20_000);
}

test("all is up", allIsWell);

test("the mint is killed: both pages say so, and that it is back", async () => {
  const began = performance.now();
  kill("mint");
  await Promise.all([told("mint killed, pool's page", began, waitForState(pool, "mint", "down")),
                     told("mint killed, proxy's page", began, waitForState(proxy, "mint", "down"))]);
  await picture(proxy, "proxy-mint-killed");
  start("mint");
  await allIsWell();
});

test("the pool is killed: silent on its own page, down on the proxy's", async () => {
  const connections = await textOf(pool, "connections");
  const began = performance.now();
  kill("pool");
  await Promise.all([told("pool killed, its page", began, waitForState(pool, "pool", "silent")),
                     told("pool killed, proxy's page", began, waitForState(proxy, "pool", "down"))]);
  await waitForState(pool, "mint", "unknown");
  await waitForMatch(pool, "freshness", /^no records from hp-pool: figures of /);
  assert.equal(await isOld(pool), true);
  assert.equal(await textOf(pool, "connections"), connections);
  await picture(pool, "pool-pool-killed");
  start("pool");
  await allIsWell();
});

test("the proxy stops dead: its page says so", async () => {
  const began = performance.now();
  kill("proxy", "SIGSTOP");
  await told("proxy stopped, its page", began, waitForState(proxy, "proxy", "silent"));
  await waitForState(proxy, "mint", "unknown");
  kill("proxy", "SIGCONT");
  await allIsWell();
});

test("hp-stats, then hp-web away: the figures are old ones", async () => {
  let began = performance.now();
  kill("serve-pool");
  await told("hp-stats killed", began, waitForMatch(pool, "freshness", /^hp-stats does not answer: figures of /));
  await waitForState(pool, "pool", "unknown");
  assert.equal(await isOld(pool), true);
  start("serve-pool");
  await allIsWell();
  began = performance.now();
  kill("web-pool");
  await told("hp-web killed", began, waitForMatch(pool, "freshness", /^hp-web does not answer: figures of /));
  await waitForState(pool, "mint", "unknown");
  assert.equal(await isOld(pool), true);
  await picture(pool, "pool-web-killed");
  start("web-pool");
  await allIsWell();
});
