// The chart under a mouse, a finger and the keyboard, in the light and the dark.
import assert from "node:assert/strict";
import { test } from "node:test";
import { POOL_URL, narrow, open, spaced, textOf, waitForMatch, waitForText, wide, zoomed } from "./browser.mjs";

async function openChart(viewport, prepare) {
  const page = await open(POOL_URL, viewport, prepare);
  await waitForText(page, "freshness", "live");
  await page.waitForSelector("#chart canvas");
  return page;
}
const axisOf = (page) => page.$$eval("#chart .dygraph-axis-label-y", (all) => all.map((at) => at.textContent));

test("a finger: a swipe scrolls the page and leaves the axis alone, a tap shows the point", async () => {
  const page = await openChart(narrow);
  const before = await axisOf(page);
  const box = await (await page.$("#chart")).boundingBox();
  await page.evaluate((y) => scrollTo(0, y - 300), box.y);
  const at = await (await page.$("#chart")).boundingBox();
  const began = await page.evaluate(() => scrollY);
  const x = at.x + 200;
  await page.touchscreen.touchStart(x, at.y + 200);
  for (let moved = 20; moved <= 180; moved += 20) await page.touchscreen.touchMove(x, at.y + 200 - moved);
  await page.touchscreen.touchEnd();
  await page.waitForFunction((from) => scrollY - from > 100, {}, began).catch(() => assert.fail("the page does not scroll"));
  assert.deepEqual(await axisOf(page), before);
  const now = await (await page.$("#chart")).boundingBox();
  await page.touchscreen.tap(now.x + 220, now.y + 120);
  await waitForMatch(page, "chart-at", /\d\d:\d\d:\d\d: [0-9.]+ kH\/s \(/);
  assert.deepEqual(await axisOf(page), before);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("the keyboard reaches what the mouse does, and each thing has a name", async () => {
  const page = await openChart(wide);
  const focused = () => page.evaluate(() => document.activeElement.dataset.span ?? (document.activeElement.id || document.activeElement.className));
  const seen = [];
  for (let i = 0; i < 5; ++i) { await page.keyboard.press("Tab"); seen.push(await focused()); }
  assert.deepEqual(seen, ["skip", "1h", "24h", "7d", "chart"]);
  await page.keyboard.press("ArrowLeft");
  const last = await textOf(page, "chart-at");
  assert.match(last, /\d\d:\d\d:\d\d: /);
  await page.keyboard.press("ArrowLeft");
  assert.notEqual(await textOf(page, "chart-at"), last);
  assert.equal(spaced(await page.$eval("#chart", (at) => at.getAttribute("aria-valuetext"))), await textOf(page, "chart-at"));
  await page.keyboard.down("Shift");
  await page.keyboard.press("Tab");
  await page.keyboard.up("Shift");
  await page.keyboard.press("Enter");
  assert.deepEqual(await page.$$eval("[data-span]", (all) => all.map((b) => b.getAttribute("aria-pressed"))), ["false", "false", "true"]);
  await page.waitForSelector("#chart canvas");
  const tree = JSON.stringify(await page.accessibility.snapshot({ interestingOnly: false }));
  for (const name of ["Now", "Hash rate over time", "Services", "Workers, last hour", "Time to show", "Hash rate"])
    assert.ok(tree.includes(name), `${name} is in the accessibility tree`);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("the minute that is not over is no point: the line ends with a whole one", async () => {
  const page = await openChart(wide);
  await page.focus("#chart");
  await page.keyboard.press("End");
  const [, day, time] = (await textOf(page, "chart-at")).match(/^(\d{4}-\d\d-\d\d )?(\d\d:\d\d:\d\d): /);
  const newest = await page.evaluate((text) => new Date(text).getTime(), `${day ?? new Date().toDateString() + " "}${time}`);
  assert.ok(newest + 60_000 <= Date.now(), `${time} is over`);
  assert.deepEqual(page.problems, []);
  await page.close();
});

// Pixels of the chart in the colour that the style has now.
const inkOf = (page) => page.evaluate(() => {
  const probe = document.createElement("span");
  probe.style.color = getComputedStyle(document.documentElement).getPropertyValue("--main");
  document.body.append(probe);
  const [r, g, b] = getComputedStyle(probe).color.match(/\d+/g).map(Number);
  probe.remove();
  let count = 0;
  for (const canvas of document.querySelectorAll("#chart canvas")) {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < data.length; i += 4) count += data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255;
  }
  return count;
});

test("the chart's colours follow the dark switch", async () => {
  const page = await openChart(wide, (fresh) => fresh.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]));
  assert.ok(await inkOf(page) > 100);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  let ink = 0;
  for (let i = 0; i < 50 && ink <= 100; ++i) ink = await inkOf(page);
  assert.ok(ink > 100, "the line is in the dark scheme's colour");
  assert.deepEqual(page.problems.filter((what) => !what.includes("willReadFrequently")), []);
  await page.close();
});

test("no text of an axis is cut", async () => {
  for (const viewport of [wide, narrow, zoomed]) {
    const page = await openChart(viewport);
    for (const span of ["1h", "24h", "7d"]) {
      await page.click(`[data-span="${span}"]`);
      await page.waitForFunction(() => document.querySelectorAll("#chart .dygraph-axis-label").length > 2);
      const cut = await page.evaluate(() => {
        const box = document.querySelector("#chart").parentElement.getBoundingClientRect();
        return [...document.querySelectorAll("#chart .dygraph-axis-label")].filter((label) => {
          const range = document.createRange();
          range.selectNodeContents(label);
          const text = range.getBoundingClientRect(), holder = label.parentElement.getBoundingClientRect();
          return text.left < box.left || text.right > box.right || text.bottom > box.bottom + 1 || text.width > holder.width + 1;
        }).map((label) => label.textContent);
      });
      assert.deepEqual(cut, [], `${span} at ${viewport.width} pixels`);
    }
    assert.deepEqual(page.problems, []);
    await page.close();
  }
});
