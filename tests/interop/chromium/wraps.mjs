// A value stays on one line: nothing wraps at 1280 pixels, and on a phone a line ends between values only.
import assert from "node:assert/strict";
import { createServer, request as ask } from "node:http";
import { after, before, test } from "node:test";
import { POOL_URL, PROXY_URL, narrow, open, waitForText } from "./browser.mjs";

// A pool as large as there is, and a slow one: what the pages get, with these figures in place of the real ones.
const EH = 1e18;
const rates = { hashrate_low_hps: 118.6 * EH, hashrate_high_hps: 128.4 * EH };
const reasons = { "invalid-non-rollable-version-bit": 1_234_567, "version-rolling-not-allowed": 234_567, "stale-share": 34_567, "duplicate-share": 4 };
const latency = { count: 9, p50: 123, p99: 987_654, max: 999_999 };
const dayAgo = Date.now() - 86_400_000;
const large = {
  global: (to) => Object.assign(to, { hashrate_hps: 123.4 * EH, ...rates, sv2_clients: { total_clients: 12_345, total_channels: 1_234_567 },
    sv1_clients: { total_clients: 1_234_567, total_hashrate: 123.4 * EH, ...rates } }),
  figures: (to) => Object.assign(to, {
    shares_accepted: 1_234_567_890, shares_rejected: reasons, share_amount: "1234567890123", share_to_quote_ms: latency,
    quotes_created: 1_234_567_890, quote_amount: "1234567890123", blocks_found: 144, blocks_accepted: 144, alarms: 1_234,
    wallet_balance: "9223372036854775807", token_amount: 1_234_567_890, tokens_minted: 1_234_567_890, share_to_token_ms: latency,
    miner_answer_ms: latency, miner_shares_accepted: 1_234_567_890, miner_shares_rejected: reasons }),
  clients: (to) => {
    to.items = to.items.map((item) => ({ ...item, ...rates, peer: "203.0.113.254:65535", program: "bosminer-plus-tuner",
      user_agent: "NerdQAxe++/v1.0.34", authorized_worker_name: "warehouse-s21-0042", extended_channels_count: 1_234_567,
      total_hashrate: 123.4 * EH, hashrate: 123.4 * EH, shares_accepted: 1_234_567_890, shares_rejected: 1_234_567,
      opened_ms: dayAgo, connected_at_secs: dayAgo / 1000 }));
  },
  workers: (to) => {
    to.items = to.items.map((item, i) => ({ ...item, worker: `warehouse-s21-${i}`, hashrate_hps: 123.4 * EH, ...rates,
      shares_accepted: 1_234_567_890, amount: "1234567890123" }));
  },
  refused: (to) => {
    to.items = [{ source: "hp-pool", type: "setup_refused", who: "203.0.113.254", worker: "warehouse-s21-0042",
      reason: "unsupported-feature-flags", count: 1_234_567, last_ms: dayAgo }];
  },
};
const enlarged = (data) => {
  const state = JSON.parse(data);
  for (const part in large) if (state[part]) large[part](state[part]);
  return JSON.stringify(state);
};

// In front of both pages, at /pool/ and /proxy/.
const front = createServer((request, response) => {
  const [, side, path] = request.url.match(/^\/(pool|proxy)(\/.*)$/) ?? [];
  if (!side) return response.writeHead(404).end();
  const isStream = path === "/events";
  const to = ask(new URL(path, side === "pool" ? POOL_URL : PROXY_URL), { method: request.method, headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    if (!isStream) return answer.pipe(response);
    let text = "";
    answer.setEncoding("utf8").on("data", (more) => {
      const events = (text + more).split("\n\n");
      text = events.pop();
      for (const event of events) response.write(event.replace(/^data: (.*)$/m, (_, data) => `data: ${enlarged(data)}`) + "\n\n");
    });
    response.on("close", () => to.destroy());
  });
  to.on("error", () => response.destroy());
  request.pipe(to);
});
let base;
before(async () => {
  await new Promise((done) => front.listen(0, "127.0.0.1", done));
  base = `http://127.0.0.1:${front.address().port}`;
});
after(() => { front.closeAllConnections(); front.close(); });

// The lines of each card's texts and each cell, as they are laid out.
const linesOf = (page) => page.evaluate(() => [...document.querySelectorAll(".tiles dt, .tiles dd, th, td")].filter((at) => at.offsetParent).map((at) => {
  const lines = [], isBroken = getComputedStyle(at).whiteSpace.startsWith("pre");
  let bottom = -Infinity;
  const walker = document.createTreeWalker(at, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    for (let i = 0; i < node.length; ++i) {
      if (node.data[i] === "\n" && isBroken) { lines.push(""); bottom = -Infinity; continue; }
      const range = document.createRange();
      range.setStart(node, i);
      range.setEnd(node, i + 1);
      const rect = range.getBoundingClientRect();
      if (rect.width > 0) {
        if (rect.top >= bottom && bottom > -Infinity) lines.push("");
        bottom = rect.bottom;
      }
      if (!lines.length) lines.push("");
      lines[lines.length - 1] += node.data[i];
    }
  const wanted = isBroken ? at.textContent.split("\n").length : 1;
  return { text: at.textContent, wanted, isName: at.classList.contains("name"), lines };
}));
async function openLarge(side, viewport) {
  const page = await open(`${base}/${side}/`, viewport);
  await waitForText(page, "freshness", "live");
  await waitForText(page, side === "pool" ? "shares" : "miner-shares", "1,234,567,890");
  await page.waitForSelector("#clients tbody tr");
  return page;
}

for (const side of ["pool", "proxy"]) {
  test(`${side}: no card and no cell wraps at 1280 pixels`, async () => {
    const page = await openLarge(side, { width: 1280, height: 800 });
    const all = await linesOf(page);
    assert.ok(all.length > 30, `${all.length} texts`);
    assert.deepEqual(all.filter(({ text, wanted, lines }) => text !== "" && lines.length !== wanted).map(({ lines }) => lines), []);
    assert.ok(await page.evaluate(() => [...document.querySelectorAll(".wide")].every((at) => at.scrollWidth <= at.clientWidth)), "no table is to be scrolled");
    await page.close();
  });

  test(`${side}: at 360 pixels no line ends within a value`, async () => {
    const page = await openLarge(side, { ...narrow, width: 360 });
    const torn = (await linesOf(page)).filter(({ isName }) => !isName).flatMap(({ lines }) => lines.slice(1).map((line, i) => [lines[i].trimEnd(), line]))
      .filter(([before, after]) => (/[\d.,<]$/.test(before) && /^[\d.,]/.test(after) && !/^\d{4}-\d\d-\d\d$/.test(before)) ||
        /^(ms|s|min|h|days|%|[kMGTPEZY]?H\/s)\b/.test(after) || /\b(p\d\d|to)$/.test(before));
    assert.deepEqual(torn, []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), "the page is not too wide");
    await page.close();
  });
}
