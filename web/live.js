// The page's part of the stream: through the worker shared by all tabs, or its own stream if the
// browser has no such workers. A hidden tab has none.
import { LiveStream } from "./live-stream.js";

const SPEAK_MS = 5000;
// A worker that is silent for this long does not work.
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
    // Not supported by this browser.
  }
  speak();
  setInterval(speak, SPEAK_MS);
  document.addEventListener("visibilitychange", () => speak());
  addEventListener("pagehide", () => speak(false));
  addEventListener("pageshow", () => speak());
}
