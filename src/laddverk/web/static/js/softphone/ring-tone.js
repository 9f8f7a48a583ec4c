/** @file What a phone sounds like when it rings here: 425 Hz, a second of it every five. Made, not played from a file. */

const TONE_HZ = 425;
const EVERY_MS = 5_000;
const LASTS_S = 1;
const LOUD = 0.2;

let context = null;
let timer = 0;

/** Lets it sound later on: browsers are silent until somebody has pressed something. */
export function allow() {
  context ??= new AudioContext();
  void context.resume();
}

function beep() {
  const gain = new GainNode(context, { gain: 0 });
  const tone = new OscillatorNode(context, { frequency: TONE_HZ });
  const now = context.currentTime;
  gain.gain.setTargetAtTime(LOUD, now, 0.02);
  gain.gain.setTargetAtTime(0, now + LASTS_S, 0.02);
  tone.connect(gain).connect(context.destination);
  tone.start(now);
  tone.stop(now + LASTS_S + 0.2);
}

/** @param {boolean} rings */
export function ring(rings) {
  if (rings === Boolean(timer)) return;
  clearInterval(timer);
  timer = 0;
  if (!rings || !context) return;
  beep();
  timer = setInterval(beep, EVERY_MS);
}
