// One stream for all tabs, none for hidden ones, and none that ends for good: behind a reverse proxy, under a prefix.
import assert from "node:assert/strict";
import { createServer, request as ask } from "node:http";
import { after, before, test } from "node:test";
import { POOL_URL, isOld, open, textOf, waitForMatch, waitForText, wide } from "./browser.mjs";

let isBroken = false, url;
const streams = new Set();
const front = createServer((request, response) => {
  if (isBroken) return response.writeHead(502).end("bad gateway");
  const to = ask(new URL(request.url.replace(/^\/pool\//, "/"), POOL_URL), { method: request.method, headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
    if (!request.url.endsWith("/events")) return;
    streams.add(response);
    response.on("close", () => { streams.delete(response); to.destroy(); });
  });
  to.on("error", () => response.destroy());
  request.pipe(to);
});
before(async () => {
  await new Promise((done) => front.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${front.address().port}/pool/`;
});
after(() => { front.closeAllConnections(); front.close(); });

async function streamsAre(count) {
  const end = Date.now() + 10_000;
  while (streams.size !== count) {
    assert.ok(Date.now() < end, `${streams.size} streams are open, expected ${count}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
const show = (page, state) => page.evaluate((to) => {
  Object.defineProperty(document, "visibilityState", { value: to, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}, state);

test("under a prefix all that a page asks for is under it", async () => {
  const page = await open(url, wide);
  await waitForText(page, "freshness", "live");
  await page.waitForSelector("#chart canvas");
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("seven tabs load and live on one stream; hidden ones have none", async () => {
  const pages = [];
  for (let i = 0; i < 7; ++i) {
    pages.push(await open(url, wide));
    await waitForText(pages[i], "freshness", "live");
  }
  // In windows of their own all could be seen.
  for (const page of pages) await show(page, "visible");
  for (const page of pages) await waitForText(page, "freshness", "live");
  await streamsAre(1);
  for (const page of pages) await show(page, "hidden");
  await streamsAre(0);
  await show(pages[3], "visible");
  await streamsAre(1);
  await waitForText(pages[3], "freshness", "live");
  for (const page of pages) { assert.deepEqual(page.problems, []); await page.close(); }
  await streamsAre(0);
});

for (const [kind, prepare] of [["shared", async () => {}],
  ["own, in a browser without shared workers", (page) => page.evaluateOnNewDocument(() => { delete globalThis.SharedWorker; })]])
  test(`a 502, and a connection that dies without a word: the stream comes back (${kind})`, async () => {
    const page = await open(url, wide, prepare);
    await waitForText(page, "freshness", "live");
    await streamsAre(1);
    isBroken = true;
    front.closeAllConnections();
    await waitForMatch(page, "freshness", /^hp-web does not answer: figures of /);
    assert.equal(await isOld(page), true);
    assert.notEqual(await textOf(page, "shares"), "–");
    isBroken = false;
    await waitForText(page, "freshness", "live");
    // Now the peer holds the connection and says nothing.
    await streamsAre(1);
    for (const stream of streams) { stream.cork(); stream.write = () => true; }
    await waitForMatch(page, "freshness", /^hp-web does not answer/);
    await waitForText(page, "freshness", "live", 15_000);
    assert.deepEqual(page.problems.filter((what) => !/502|ERR_|failed: /.test(what)), []);
    await page.close();
    await streamsAre(0);
  });
