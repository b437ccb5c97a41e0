/**
 * The sound of a device: how loud the microphone is, and a tone for the loudspeaker. No DOM.
 * @module
 */

const LOOK_EVERY_MS = 100;
const FLOOR_DB = -60;
const SPEECH_DB = -42; // a voice at arm's length is some 20 dB above it, a quiet room some 10 dB below
const SPEECH_LOOKS = 3;
const NOTES_HZ = [523.25, 659.25, 783.99];
const NOTE_S = 0.28;

/**
 * Watch a microphone: `each` gets its level from 0 to 1; the promise says whether a voice was heard in time.
 * @param {AudioContext} context
 * @param {MediaStream} stream
 * @param {(level: number) => void} each
 * @param {{withinMs: number, signal: AbortSignal}} limits
 * @returns {Promise<boolean>}
 */
export function hearVoice(context, stream, each, { withinMs, signal }) {
  const analyser = new AnalyserNode(context, { fftSize: 2048 });
  const source = context.createMediaStreamSource(stream);
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return new Promise((resolve) => {
    let heard = 0;
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const db = loudness(samples);
      each(Math.min(1, Math.max(0, 1 - db / FLOOR_DB)));
      heard += db > SPEECH_DB ? 1 : 0;
      if (heard >= SPEECH_LOOKS) end(true);
    }, LOOK_EVERY_MS);
    const late = setTimeout(() => end(false), withinMs);
    signal.addEventListener("abort", () => end(false), { once: true });

    /** @param {boolean} answer */
    function end(answer) {
      clearInterval(timer);
      clearTimeout(late);
      source.disconnect();
      resolve(answer);
    }
  });
}

/**
 * Root mean square of samples in dB of full scale.
 * @param {Float32Array} samples
 */
export function loudness(samples) {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  return 10 * Math.log10(power + 1e-12);
}

/**
 * Three rising notes; resolves when they have sounded.
 * @param {AudioContext} context
 * @returns {Promise<void>}
 */
export async function playTone(context) {
  await context.resume();
  const begin = context.currentTime + 0.05;
  const notes = NOTES_HZ.map((frequency, n) => {
    const at = begin + n * NOTE_S;
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(0.25, at + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.001, at + NOTE_S);
    const note = new OscillatorNode(context, { frequency });
    note.connect(gain).connect(context.destination);
    note.start(at);
    note.stop(at + NOTE_S);
    return note;
  });
  await new Promise((resolve) => notes[notes.length - 1].addEventListener("ended", resolve, { once: true }));
}
