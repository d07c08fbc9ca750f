// Who is silent is not up, and old figures look old.
import assert from "node:assert/strict";
import { test } from "node:test";
import { POOL_URL, PROXY_URL, SCREENSHOTS, cellsOf, isOld, narrow, open, putLine, speech, textOf, waitForMatch, waitForState, waitForText, wide } from "./browser.mjs";

const sides = [["pool", POOL_URL, "pool", "mint alpha", wide], ["proxy", PROXY_URL, "proxy", "mint", narrow]];
for (const [side, url, main, other, viewport] of sides)
  test(`hp-${side} falls silent: said soon, its figures grey with their age, what it told of unknown`, async () => {
    const page = await open(url, viewport);
    await waitForText(page, "freshness", "live");
    await waitForState(page, main, "up");
    assert.equal(await isOld(page), false);
    const kept = speech[side];
    speech[side] = null;
    const began = performance.now();
    await waitForState(page, main, "silent");
    console.log(`# hp-${side}'s silence is on its page after ${Math.round(performance.now() - began)} ms`);
    assert.match(await textOf(page, "freshness"), new RegExp(`^no records from hp-${side}: figures of \\d\\d:\\d\\d:\\d\\d$`));
    await waitForState(page, other, "unknown");
    assert.equal(await isOld(page), true);
    assert.notEqual(await textOf(page, side === "pool" ? "connections" : "miners"), "–");
    // The age is the data's: by the state it is of when the last record came.
    await waitForMatch(page, "age", /^[4-9] s old$/);
    const state = await (await fetch(`${url}/api/state`)).json();
    assert.ok(state.stats.now_ms - state.stats.as_of_ms >= 3000, "as_of_ms is the records' time");
    assert.equal(state.sources[`hp-${side}`].heard, false);
    const grey = await page.evaluate(() => getComputedStyle(document.querySelector(".tiles dd")).color);
    await page.screenshot({ path: `${SCREENSHOTS}/${side}-silent.png`, fullPage: true });
    speech[side] = kept;
    await waitForText(page, "freshness", "live");
    await waitForState(page, main, "up");
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.querySelector(".tiles dd")).color), grey);
    assert.equal(await textOf(page, "age"), "");
    assert.deepEqual(page.problems, []);
    await page.close();
  });

test("a template provider that goes away is on the pool's page within 5 s, with the age of the work; so is its node", async () => {
  const page = await open(POOL_URL, wide);
  await waitForState(page, "template provider", "up");
  Object.assign(speech.pool, { template_provider_connected: false, template_age_ms: 42_000 });
  await waitForState(page, "template provider", "down", 5_000);
  const about = () => cellsOf(page, "#services tbody tr").then((rows) => rows.find((row) => row[0] === "template provider")[3]);
  assert.equal(await about(), "newest work is 42 s old");
  Object.assign(speech.pool, { template_provider_connected: true, has_template: false, template_age_ms: 0 });
  await waitForState(page, "template provider", "up", 5_000);
  assert.equal(await about(), "no template yet");
  speech.pool.has_template = true;
  const node = (isThere) => putLine("hp-pool", JSON.stringify({ v: 1, ts_ms: Date.now(), type: "template_status", source: "hp-template", node_connected: isThere, node_since_ms: Date.now(), height: 7 }));
  node(true);
  await waitForState(page, "node", "up", 5_000);
  node(false);
  await waitForState(page, "node", "down", 5_000);
  assert.deepEqual(page.problems, []);
  await page.close();
});
