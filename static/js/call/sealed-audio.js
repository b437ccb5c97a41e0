/**
 * Sealed speech made audible, in this browser only: frames opened with WebCrypto, their Opus packets wrapped in Ogg.
 * The layout is docs/transcription-protocol.md. The server holds neither the sound nor a way to make it.
 * @module
 */

/** @typedef {{version: number, visit_id: string, stream_id: string, participant_id: string, role: string, language: string, started_at_ms: number}} StreamHeader */
/** @typedef {{key: string, header: StreamHeader, frames: string[]}} SealedAudio  key and frames in base64, header as it was written */

const PREFIX_BYTES = 17; // kind u8, sequence u64, at_ms u64
const KIND_AUDIO = 0;
const OGG_RATE_HZ = 48_000;
const SERIAL = 0x436f6c6c;
const PAGE_SEGMENTS = 255;

/**
 * Sealed frames as a playable Ogg Opus file.
 * @param {SealedAudio} sealed
 * @returns {Promise<Blob>} rejects when a frame was altered or belongs to another stream, or when there is none
 */
export async function openSealedAudio({ key, header, frames }) {
  const packets = await openFrames(bytes(key), header, frames.map(bytes));
  if (!packets.length) throw new RangeError("no speech in this range");
  return oggOpus(packets);
}

/**
 * The Opus packets in sealed frames, in order.
 * @param {Uint8Array<ArrayBuffer>} streamKey 32 bytes
 * @param {StreamHeader} header
 * @param {Uint8Array<ArrayBuffer>[]} frames
 * @returns {Promise<Uint8Array<ArrayBuffer>[]>}
 */
export async function openFrames(streamKey, header, frames) {
  const key = await crypto.subtle.importKey("raw", streamKey, "AES-GCM", false, ["decrypt"]);
  // The digest is over the file's first line: the same members in the same order, no spaces, one newline.
  const line = new TextEncoder().encode(JSON.stringify(header) + "\n");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", line));
  const audio = frames.filter((frame) => frame[0] === KIND_AUDIO);
  refuseDisorder(audio);
  return Promise.all(audio.map((frame) => openFrame(key, digest, frame)));
}

/** @param {Uint8Array<ArrayBuffer>[]} frames  a replayed or reordered frame would be authentic each for itself */
function refuseDisorder(frames) {
  let last = -1n;
  for (const frame of frames) {
    const sequence = new DataView(frame.buffer, frame.byteOffset).getBigUint64(1);
    if (sequence <= last) throw new RangeError("frames out of order");
    last = sequence;
  }
}

/**
 * @param {CryptoKey} key
 * @param {Uint8Array<ArrayBuffer>} digest
 * @param {Uint8Array<ArrayBuffer>} frame
 */
async function openFrame(key, digest, frame) {
  const nonce = new Uint8Array(12);
  nonce.set(frame.subarray(1, 9), 4);
  const associated = new Uint8Array(digest.length + PREFIX_BYTES);
  associated.set(digest);
  associated.set(frame.subarray(0, PREFIX_BYTES), digest.length);
  const cipher = { name: "AES-GCM", iv: nonce, additionalData: associated };
  return new Uint8Array(await crypto.subtle.decrypt(cipher, key, frame.subarray(PREFIX_BYTES)));
}

/** @param {string} base64 */
function bytes(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

// --- Ogg Opus: RFC 3533 pages, RFC 7845 mapping ------------------------------------------------

/**
 * @param {Uint8Array<ArrayBuffer>[]} packets
 * @returns {Blob}
 */
export function oggOpus(packets) {
  const channels = packets.some((packet) => packet[0] & 4) ? 2 : 1;
  const pages = [page([opusHead(channels)], 0, 0n, 2), page([opusTags()], 1, 0n, 0)];
  let granule = 0n;
  let waiting = /** @type {Uint8Array[]} */ ([]);
  let segments = 0;
  const close = (/** @type {number} */ flags) => pages.push(page(waiting, pages.length, granule, flags));
  for (const packet of packets) {
    const needed = Math.floor(packet.length / 255) + 1;
    if (segments + needed > PAGE_SEGMENTS) {
      close(0);
      waiting = [];
      segments = 0;
    }
    waiting.push(packet);
    segments += needed;
    granule += BigInt(packetSamples(packet));
  }
  close(4);
  return new Blob(pages, { type: "audio/ogg; codecs=opus" });
}

/** @param {number} channels */
function opusHead(channels) {
  const head = new Uint8Array(19);
  const view = new DataView(head.buffer);
  head.set(new TextEncoder().encode("OpusHead"));
  head[8] = 1;
  head[9] = channels;
  view.setUint32(12, OGG_RATE_HZ, true); // pre-skip, gain and mapping family stay 0
  return head;
}

function opusTags() {
  const tags = new Uint8Array(24);
  tags.set(new TextEncoder().encode("OpusTags"));
  new DataView(tags.buffer).setUint32(8, 8, true);
  tags.set(new TextEncoder().encode("Colloque"), 12);
  return tags;
}

/**
 * Length of a packet at 48 kHz, from its first bytes (RFC 6716, section 3.1).
 * @param {Uint8Array} packet
 */
export function packetSamples(packet) {
  const config = packet[0] >> 3;
  const tenths = config < 12 ? [100, 200, 400, 600][config & 3] : config < 16 ? [100, 200][config & 1] : [25, 50, 100, 200][config & 3];
  const code = packet[0] & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : packet[1] & 63;
  return (tenths * frames * OGG_RATE_HZ) / 10_000;
}

/**
 * @param {Uint8Array[]} packets  whole ones, at most 255 segments together
 * @param {number} number
 * @param {bigint} granule  samples at the end of the page
 * @param {number} flags  2 first page, 4 last page
 */
function page(packets, number, granule, flags) {
  const lacing = packets.flatMap((packet) => [...Array(Math.floor(packet.length / 255)).fill(255), packet.length % 255]);
  const body = packets.reduce((sum, packet) => sum + packet.length, 0);
  const out = new Uint8Array(27 + lacing.length + body);
  const view = new DataView(out.buffer);
  out.set(new TextEncoder().encode("OggS"));
  out[5] = flags;
  view.setBigUint64(6, granule, true);
  view.setUint32(14, SERIAL, true);
  view.setUint32(18, number, true);
  out[26] = lacing.length;
  out.set(lacing, 27);
  let at = 27 + lacing.length;
  for (const packet of packets) {
    out.set(packet, at);
    at += packet.length;
  }
  view.setUint32(22, crc(out), true);
  return out;
}

const CRC = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24;
  for (let bit = 0; bit < 8; bit += 1) value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value;
});

/** @param {Uint8Array} data */
function crc(data) {
  let value = 0;
  for (const byte of data) value = (value << 8) ^ CRC[(value >>> 24) ^ byte];
  return value >>> 0;
}
