// The pages of hp-web in a real browser, on records that this process writes: one browser for all.
import "./figures.mjs";
import "./silence.mjs";
import "./streams.mjs";
import "./chart.mjs";
import "./faucet.mjs";
import "./manners.mjs";
import "./wraps.mjs";
