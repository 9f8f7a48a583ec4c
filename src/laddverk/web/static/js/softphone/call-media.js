/** @file What speaks and hears in a call: WebRTC behind offers and answers, microphone, mute, keys. Knows no SIP. */

const GATHERED_WITHIN_MS = 2_500; // a STUN server that does not answer must not keep the caller waiting
const TONE_MS = 160;
const GAP_MS = 70;

/** @returns {Promise<MediaStream>} the microphone; throws when there is none or it may not be used */
export function microphone() {
  if (!navigator.mediaDevices) throw new DOMException("no secure context", "NotAllowedError");
  return navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
}

export class CallMedia {
  #connection;
  #sender = null;
  #voice = null;
  #ended = false;
  failed = () => {};

  /** @param {HTMLAudioElement} speaker @param {RTCIceServer[]} servers */
  constructor(speaker, servers) {
    this.speaker = speaker;
    this.#connection = new RTCPeerConnection({ iceServers: servers, bundlePolicy: "max-bundle" });
    this.#connection.addEventListener("track", ({ track, streams }) => {
      speaker.srcObject = streams[0] ?? new MediaStream([track]);
      void speaker.play().catch(() => {}); // a press has answered the call, so a browser lets it sound
    });
    this.#connection.addEventListener("connectionstatechange", () => {
      if (this.#connection.connectionState === "failed") this.failed();
    });
  }

  /** @param {string} offer @returns {Promise<string>} our answer */
  async take(offer) {
    await this.#connection.setRemoteDescription({ type: "offer", sdp: offer });
    await this.#speak();
    await this.#connection.setLocalDescription(await this.#connection.createAnswer());
    return this.#gathered();
  }

  async #speak() {
    if (this.#sender) return;
    const stream = await microphone();
    [this.#voice] = stream.getAudioTracks();
    if (this.#ended) return this.#voice.stop();
    this.#sender = this.#connection.addTrack(this.#voice, stream);
  }

  /** @param {boolean} held whether the other side is to hear nothing of us @returns {Promise<string>} */
  async offer(held) {
    if (this.#connection.signalingState === "have-local-offer") await this.#connection.setLocalDescription({ type: "rollback" });
    for (const transceiver of this.#connection.getTransceivers()) {
      if (transceiver.currentDirection !== "stopped") transceiver.direction = held ? "sendonly" : "sendrecv";
    }
    if (this.#voice) this.#voice.enabled = !held && !this.isMuted;
    await this.#connection.setLocalDescription(await this.#connection.createOffer());
    return this.#gathered();
  }

  /** @param {string} answer */
  async settle(answer) {
    await this.#connection.setRemoteDescription({ type: "answer", sdp: answer });
  }

  async #gathered() {
    if (this.#connection.iceGatheringState !== "complete") {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, GATHERED_WITHIN_MS);
        this.#connection.addEventListener("icegatheringstatechange", () => {
          if (this.#connection.iceGatheringState !== "complete") return;
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this.#connection.localDescription.sdp;
  }

  isMuted = false;

  mute(muted) {
    this.isMuted = muted;
    if (this.#voice) this.#voice.enabled = !muted;
  }

  /** @param {string} key 0 to 9, * or # (RFC 4733) @returns {boolean} false where the other side takes no such events */
  press(key) {
    const tones = this.#sender?.dtmf;
    if (!tones?.canInsertDTMF) return false;
    tones.insertDTMF(tones.toneBuffer + key, TONE_MS, GAP_MS);
    return true;
  }

  /** @returns {Promise<boolean>} whether anything was heard yet */
  async heard() {
    return [...(await this.#connection.getStats()).values()].some((each) => each.type === "inbound-rtp" && each.packetsReceived > 20);
  }

  end() {
    this.#ended = true;
    this.#voice?.stop();
    this.#connection.close();
    this.speaker.srcObject = null;
  }
}
