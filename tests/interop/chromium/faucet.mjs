// The faucet: a token is money that has left the balance. None is lost from sight.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { API_PORT, PROXY_URL, SCREENSHOTS, browser, open, textOf, waitForMatch, waitForText, wide } from "./browser.mjs";

// hp-proxy's part, as e2e/faucet.bats has it from the real one: tokens while `isOpen`, else too early.
const tokenOf = (n) => "cashuB" + "o2F0gaJhaUgBFBfKxrqeSGFw".repeat(30) + n;
let given = 0, isOpen = true;
const faucet = createServer((request, response) => {
  const [status, body] = request.method === "GET" ? [200, { balance: 1234, unit: "hash", amount_max: 20, wait_ms: 0 }]
    : isOpen ? [200, { token: tokenOf(++given), amount: 20, unit: "hash" }] : [429, { error: "one token every 30 s" }];
  response.writeHead(status, { "content-type": "application/json", ...(status === 429 ? { "retry-after": "30" } : {}) });
  response.end(JSON.stringify(body));
});
after(() => { faucet.closeAllConnections(); faucet.close(); });

const shown = (page) => page.$$eval("#tokens [data-part=token]", (all) => all.map((at) => at.value));
const press = async (page, selector) => { await page.waitForSelector(`${selector}:not([disabled])`); await page.click(selector); };

test("no faucet: nothing of it is shown, and nothing is complained of", async () => {
  const page = await open(PROXY_URL, wide);
  await waitForText(page, "freshness", "live");
  assert.equal(await page.$eval("#faucet", (at) => at.hidden), true);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("a token stays beside an error, across a reload and beside the next one, until it is copied or dismissed", async () => {
  await new Promise((done) => faucet.listen(Number(API_PORT), "127.0.0.1", done));
  const page = await open(PROXY_URL, wide);
  await browser.defaultBrowserContext().overridePermissions(new URL(PROXY_URL).origin, ["clipboard-read", "clipboard-write"]);
  await page.waitForSelector("#faucet:not([hidden])");
  assert.equal(await textOf(page, "faucet-max"), "20");
  await press(page, "#faucet-take");
  await page.waitForSelector("#tokens li");
  assert.deepEqual(await shown(page), [tokenOf(1)]);
  assert.equal(await page.$eval("#tokens [data-part=amount]", (at) => at.textContent), "20 ehash");
  // A code is half dark.
  const dark = await page.$eval("#tokens [data-part=qr]", (at) => {
    const bytes = at.getContext("2d").getImageData(0, 0, at.width, at.height).data;
    let count = 0;
    for (let i = 0; i < bytes.length; i += 4) count += bytes[i] < 128;
    return count / (bytes.length / 4);
  });
  assert.ok(dark > 0.3 && dark < 0.6, `${dark} of the code is dark`);

  isOpen = false;
  await press(page, "#faucet-take");
  await waitForText(page, "faucet-text", "No token: one token every 30 s; try again in 30 s.");
  assert.deepEqual(await shown(page), [tokenOf(1)]);
  await page.screenshot({ path: `${SCREENSHOTS}/proxy-token.png`, fullPage: true });
  await page.reload();
  await page.waitForSelector("#tokens li");
  assert.deepEqual(await shown(page), [tokenOf(1)]);

  isOpen = true;
  await press(page, "#faucet-take");
  await page.waitForFunction(() => document.querySelectorAll("#tokens li").length === 2);
  assert.deepEqual(await shown(page), [tokenOf(2), tokenOf(1)]);
  await page.click("#tokens li:first-child [data-part=copy]");
  await page.waitForFunction(() => document.querySelector("#tokens [data-part=copy]").textContent === "Copied");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), tokenOf(2));
  await press(page, "#faucet-take");
  await page.waitForFunction((first) => document.querySelector("#tokens [data-part=token]").value === first, {}, tokenOf(3));
  assert.deepEqual(await shown(page), [tokenOf(3), tokenOf(1)], "the copied one made place, the other did not");
  await page.click("#tokens li:last-child [data-part=dismiss]");
  assert.deepEqual(await shown(page), [tokenOf(3)]);

  // The proxy goes away: its token does not.
  faucet.closeAllConnections();
  await new Promise((done) => faucet.close(done));
  await press(page, "#faucet-take");
  await waitForMatch(page, "faucet-text", /^No token: hp-proxy has no faucet, or does not answer/);
  await page.reload();
  await page.waitForSelector("#tokens li");
  assert.deepEqual(await shown(page), [tokenOf(3)]);
  assert.deepEqual(page.problems.filter((what) => !/status of (429|503)/.test(what)), []);
  await page.close();
});
