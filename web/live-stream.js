// The server's events. Whatever ends the stream (hp-web's restart, a 502 from a reverse proxy, a connection that died
// silently), it is reopened, at growing intervals.

const RETRY_MS_MIN = 500, RETRY_MS_MAX = 5000;
// hp-web sends every second.
const QUIET_MS = 6000;

export class LiveStream {
  #url; #onState; #source = null; #timer = 0; #delay = RETRY_MS_MIN;

  constructor(url, onState) { this.#url = url; this.#onState = onState; }

  get isOpen() { return this.#source !== null || this.#timer !== 0; }

  open() {
    if (this.isOpen) return;
    this.#delay = RETRY_MS_MIN;
    this.#connect();
  }

  close() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#source?.close();
    this.#source = null;
  }

  #connect() {
    this.#source = new EventSource(this.#url);
    this.#source.addEventListener("state", (event) => {
      this.#delay = RETRY_MS_MIN;
      this.#wait(QUIET_MS);
      this.#onState(event.data);
    });
    // The browser stops retrying at an answer that is not a stream, such as a 502.
    this.#source.addEventListener("error", () => {
      this.#source.close();
      this.#wait(this.#delay * (0.5 + Math.random() / 2));
      this.#delay = Math.min(2 * this.#delay, RETRY_MS_MAX);
    });
    this.#wait(QUIET_MS);
  }

  #wait(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { this.close(); this.#connect(); }, ms);
  }
}
