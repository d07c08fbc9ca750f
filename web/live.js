// The page's part of the stream: through the worker that all tabs share, or where a browser has none, a stream of its
// own. A tab that is hidden has none.
import { LiveStream } from "./live-stream.js";

const SPEAK_MS = 5000;
// A worker that says nothing for so long is none.
const WORKER_MS = 3000;

export function watchState(onState) {
  const isVisible = () => document.visibilityState === "visible";
  const own = new LiveStream(new URL("events", import.meta.url), onState);
  let port = null, timer = 0;

  function useOwn() {
    clearTimeout(timer);
    port = null;
    if (isVisible()) own.open(); else own.close();
  }
  function speak(isHere = isVisible()) {
    if (port) port.postMessage(isHere ? "visible" : "hidden");
    else if (isHere) own.open();
    else own.close();
  }

  try {
    const worker = new SharedWorker(new URL("live-worker.js", import.meta.url), { type: "module", name: "hashpool" });
    worker.addEventListener("error", useOwn);
    port = worker.port;
    port.addEventListener("message", ({ data }) => {
      clearTimeout(timer);
      if (data !== "" && port) onState(data);
    });
    port.start();
    timer = setTimeout(useOwn, WORKER_MS);
  } catch {
    // No such thing in this browser.
  }
  speak();
  setInterval(speak, SPEAK_MS);
  document.addEventListener("visibilitychange", () => speak());
  addEventListener("pagehide", () => speak(false));
  addEventListener("pageshow", () => speak());
}
