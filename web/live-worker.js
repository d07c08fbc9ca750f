// One stream for all tabs of the page: a browser opens only six connections to an origin. A tab says whether it is
// visible; without a visible tab there is no stream.
import { LiveStream } from "./live-stream.js";

// A visible tab reports every five seconds; a crashed one does not.
const TAB_MS = 15000;

const tabs = new Map();
const tell = (text) => { for (const port of tabs.keys()) port.postMessage(text); };
const stream = new LiveStream(new URL("events", import.meta.url), tell);

function look() {
  const now = Date.now();
  for (const [port, heardMs] of tabs) if (now - heardMs > TAB_MS) tabs.delete(port);
  if (tabs.size > 0) stream.open(); else stream.close();
}

addEventListener("connect", ({ ports: [port] }) => {
  port.addEventListener("message", ({ data }) => {
    if (data === "visible") tabs.set(port, Date.now()); else tabs.delete(port);
    look();
    port.postMessage("");  // we are here
  });
  port.start();
});
setInterval(look, 5000);
