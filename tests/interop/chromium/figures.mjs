// Figures are what the API says, names are names, and all of it fits.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MINER_PORT, POOL_URL, PROXY_URL, SCREENSHOTS, STATS_URL, cellsOf, names, narrow, open, put, putLine, speak, speech, textOf, waitForMatch,
  waitForState, waitForText, wide } from "./browser.mjs";

const digits = (text) => Number(text.replaceAll(",", ""));

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
  assert.match(await textOf(page, "hashrate-range"), /^[0-9.]+ to [0-9.]+ kH\/s$/);
  // Names are names.
  const shown = await page.$$eval("#workers tbody td.name", (cells) => cells.map((cell) => cell.textContent));
  assert.deepEqual([...shown].sort(), names.map((name) => name || "(no name)").sort());
  assert.equal(await page.$("#workers script, #workers img"), null);
  await page.waitForSelector("#clients tbody tr:nth-child(2)");
  const { items } = await (await fetch(`${STATS_URL}/api/v1/clients?order=hashrate`)).json();
  assert.deepEqual(await page.$$eval("#clients tbody tr", (rows) => rows.map((row) => [row.cells[0].textContent, row.cells[1].textContent])),
                   items.map((client) => [client.peer, client.program]));
  assert.equal(await page.$("#clients script"), null);
  await page.waitForSelector("#chart canvas");
  assert.match(await textOf(page, "chart-text"), /lowest .* highest .* interval/);

  const canvas = await (await page.$("#chart")).boundingBox();
  await page.mouse.move(canvas.x + canvas.width / 2, canvas.y + canvas.height / 2);
  await waitForMatch(page, "chart-at", /: [0-9.]+ kH\/s \(/);

  const began = performance.now();
  put("hp-pool", "share_accepted", { worker: "rig1", amount: 5, work_hashes: 2000 });
  await waitForText(page, "shares", (figures.shares_accepted + 1).toLocaleString("en"), 2_000);
  console.log(`# a record is on the page after ${Math.round(performance.now() - began)} ms`);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("services: each with its state, and a mint that goes down is seen to", async () => {
  const page = await open(POOL_URL, wide);
  const rows = () => cellsOf(page, "#services tbody tr");
  await waitForState(page, "mint alpha", "up");
  speech.mint = { ...speech.mint, connected: false, pending: 7, oldest_age_ms: 65_000 };
  speak();
  await waitForState(page, "mint alpha", "down");
  const mint = (await rows()).find((row) => row[0] === "mint alpha");
  assert.equal(mint[3], "7 quotes waiting, the oldest for 65 s");
  assert.deepEqual((await rows()).find((row) => row[0] === "pool").slice(0, 2), ["pool", "up"]);
  speech.mint = { ...speech.mint, connected: true, pending: 0 };
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("who was refused is on the page, with the reason", async () => {
  for (const [url, source, type, fields, expected] of [
    [POOL_URL, "hp-pool", "channel_refused", { connection_id: 9, peer: "192.0.2.9:4000", worker: names[1], reason: "invalid-locking-key" },
      ["192.0.2.9", names[1], "channel: invalid-locking-key", "2"]],
    [PROXY_URL, "hp-proxy", "miner_channel_refused", { miner_id: 9, worker: "rig9", reason: "max-target-out-of-range" },
      ["–", "rig9", "channel: max-target-out-of-range", "2"]]]) {
    const page = await open(url, wide);
    await waitForText(page, "freshness", "live");
    assert.equal(await page.$eval("#refused-section", (at) => at.hidden), true);
    for (let i = 0; i < 2; ++i) put(source, type, fields);
    await page.waitForFunction(() => document.querySelector("#refused tbody tr")?.cells[3].textContent === "2");
    assert.deepEqual(await cellsOf(page, "#refused tbody tr", 4), [expected]);
    assert.equal(await page.$eval("#refused-section", (at) => at.hidden), false);
    assert.deepEqual(page.problems, []);
    await page.close();
  }
});

test("a peer that speaks another protocol has no worker name that could be refused", async () => {
  const page = await open(PROXY_URL, wide);
  await waitForText(page, "freshness", "live");
  put("hp-proxy", "miner_refused", { miner_id: 10, peer: "192.0.2.10:4000", worker: "", reason: "speaks HTTP; this port speaks SV1" });
  put("hp-proxy", "miner_refused", { miner_id: 11, peer: "192.0.2.11:4000", worker: "02ff", reason: "its key" });
  await page.waitForFunction(() => [...document.querySelectorAll("#refused tbody tr")].filter((row) => row.textContent.includes("192.0.2.1")).length === 2);
  const whys = (await cellsOf(page, "#refused tbody tr", 3)).filter(([who]) => who.startsWith("192.0.2.1")).map(([, , why]) => why).sort();
  assert.deepEqual(whys, ["connection: speaks HTTP; this port speaks SV1", "worker name: its key"]);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("wide and narrow, light and dark: nothing runs over the edge", async () => {
  for (const [side, url] of [["pool", POOL_URL], ["proxy", PROXY_URL]])
    for (const [shape, viewport] of [["wide", wide], ["narrow", narrow]])
      for (const scheme of ["light", "dark"]) {
        const page = await open(url, viewport, (fresh) => fresh.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]));
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
  assert.equal(await textOf(page, "earned"), "5");
  assert.equal(await textOf(page, "tokens-minted"), "1");
  assert.equal(await textOf(page, "hashrate"), "22.2 TH/s");
  assert.equal(await textOf(page, "hashrate-range"), "15.0 to 31.7 TH/s");
  assert.equal(await page.$eval("#miner-url", (at) => at.value), `stratum+tcp://127.0.0.1:${MINER_PORT}`);
  assert.deepEqual(await page.$$eval("#workers tbody tr", (rows) => rows.map((row) => row.cells[0].textContent)), ["rig1"]);
  assert.deepEqual(await cellsOf(page, "#clients tbody tr", 6), [["rig1", names[1], "22.2 TH/s", "15.0 to 31.7 TH/s", "300", "2"]]);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("amounts beyond 2^53 are exact, and stand on one line", async () => {
  const greatest = "9223372036854775807";  // what an SQLite integer holds
  for (const viewport of [wide, { ...narrow, width: 320 }]) {
    const page = await open(PROXY_URL, viewport);
    const proxy = speech.proxy;
    speech.proxy = null;
    const line = () => putLine("hp-proxy", JSON.stringify({ v: 1, ts_ms: Date.now(), type: "proxy_status", source: "hp-proxy", ...proxy })
      .replace('"wallet_balance":1234', `"wallet_balance":${greatest}`));
    line();
    const speaking = setInterval(line, 500);
    await waitForText(page, "balance", "9,223,372,036,854,775,807");
    const lines = await page.$eval("#balance", (at) => {
      const range = document.createRange();
      range.selectNodeContents(at);
      return new Set([...range.getClientRects()].map((rect) => Math.round(rect.top))).size;
    });
    assert.equal(lines, 1, `${viewport.width} pixels`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
    clearInterval(speaking);
    speech.proxy = proxy;
    assert.deepEqual(page.problems, []);
    await page.close();
  }
});
