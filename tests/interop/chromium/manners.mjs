// How the pages behave for those who read, select, zoom and listen.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { POOL_URL, PROXY_URL, SCREENSHOTS, browser, narrow, open, put, speech, waitForState, waitForText, wide, zoomed } from "./browser.mjs";

const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const sides = [["pool", POOL_URL], ["proxy", PROXY_URL]];

// Until `count` more states are on the page: each has one more share.
async function polls(page, count) {
  for (let i = 0; i < count; ++i) {
    put("hp-pool", "share_accepted", { worker: "rig1", amount: 5, work_hashes: 2000 });
    const before = await page.$eval("#shares", (at) => at.textContent);
    await page.waitForFunction((text) => document.getElementById("shares").textContent !== text, {}, before);
  }
}

test("selected text stays selected while figures change", async () => {
  const page = await open(POOL_URL, wide);
  await waitForText(page, "freshness", "live");
  await waitForState(page, "mint alpha", "up");
  await page.waitForSelector("#workers tbody tr");
  for (const table of ["services", "workers", "clients"]) {
    const selected = await page.evaluate((id) => {
      const rows = document.getElementById(id).tBodies[0].rows;
      getSelection().setBaseAndExtent(rows[0].cells[0].firstChild, 0, rows[rows.length - 1].cells[0].firstChild, 2);
      return getSelection().toString();
    }, table);
    assert.notEqual(selected, "");
    await polls(page, 2);
    // Ages may tick between; what was chosen is chosen.
    const [now, ends] = await page.evaluate(() => [getSelection().toString(), [getSelection().anchorNode, getSelection().focusNode].map((at) => at?.nodeType)]);
    assert.ok(now.length > 0, `${table}: the selection is gone`);
    assert.deepEqual(ends, [3, 3]);
    assert.equal(now.slice(0, 4), selected.slice(0, 4));
  }
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("times are of 24 hours in every locale", async () => {
  for (const [side, url] of sides) {
    const page = await open(url, wide);
    await waitForText(page, "freshness", "live");
    if (side === "pool") {
      await page.waitForSelector("#chart canvas");
      await page.keyboard.press("Tab");
      await page.focus("#chart");
      await page.keyboard.press("ArrowLeft");
    }
    const text = await page.evaluate(() => document.body.innerText);
    assert.doesNotMatch(text, /\d\s?[AP]M\b/i);
    assert.match(text, /\b\d\d:\d\d:\d\d\b/);
    assert.deepEqual(page.problems, []);
    await page.close();
  }
});

test("what is read out is not rewritten at each poll", async () => {
  for (const [side, url] of sides) {
    const page = await open(url, wide);
    await waitForText(page, "freshness", "live");
    const count = async (ms) => page.evaluate(async (wait) => {
      let changes = 0;
      const observer = new MutationObserver((list) => { changes += list.length; });
      for (const at of document.querySelectorAll("[aria-live], [role=status], [role=alert]")) observer.observe(at, { childList: true, characterData: true, subtree: true });
      await new Promise((done) => setTimeout(done, wait));
      observer.disconnect();
      return changes;
    }, ms);
    assert.equal(await count(1500), 0, `${side}: live`);
    const kept = speech[side];
    speech[side] = null;
    await waitForState(page, side, "silent");
    assert.equal(await count(1500), 0, `${side}: while it is silent`);
    speech[side] = kept;
    await page.close();
  }
});

test("axe finds nothing: wide, narrow, at 200 %, in the dark, with old figures", async () => {
  for (const [side, url] of sides)
    for (const [shape, viewport, scheme] of [["wide", wide, "light"], ["narrow", narrow, "dark"], ["zoomed", zoomed, "light"], ["zoomed", zoomed, "dark"]]) {
      // The page's policy lets no other script in: axe is put there from the outside.
      const page = await open(url, viewport, async (fresh) => {
        await fresh.setBypassCSP(true);
        await fresh.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      });
      await waitForText(page, "freshness", "live");
      if (side === "pool") await page.waitForSelector("#chart canvas");
      await page.addScriptTag({ path: axePath });
      const look = async (state) => {
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), [], `${side} ${shape} ${scheme} ${state}`);
      };
      await look("live");
      if (shape === "zoomed") {
        await page.screenshot({ path: `${SCREENSHOTS}/${side}-zoomed-${scheme}.png`, fullPage: true });
        await page.evaluate(() => document.body.classList.add("old"));
        await look("old");
      }
      await page.close();
    }
});

test("without JavaScript the notice is at the top", async () => {
  for (const [, url] of sides) {
    const page = await browser.newPage();
    await page.setJavaScriptEnabled(false);
    await page.goto(url, { waitUntil: "load" });
    const notice = await (await page.$("noscript p")).boundingBox(), header = await (await page.$("header")).boundingBox();
    assert.ok(notice.y < header.y, "the notice comes before the header");
    await page.close();
  }
});
