// The softphone of the desk and of the simulator's phones page: one call at a time, through Twilio's
// own browser SDK, with the real carrier and with a local exchange alike.
//
//   const phone = createSoftphone({
//     token,          // access token (JWT) from the server
//     edgeHost,       // null: Twilio; "127.0.0.1:8121": a local exchange, over ws://
//     onState,        // (state, detail) => void; states below
//     onIncoming,     // ({from, to, parameters, accept(), reject()}) => void
//     onError,        // ({code, message}) => void
//     onMessage,      // (content) => void; the SDK's call messages, if the carrier sends any
//     refreshToken,   // async () => token; asked shortly before the token ends
//   });
//   await phone.connect({To: "02120"}); phone.sendDigits("5"); phone.mute(true);
//   phone.hangUp(); phone.destroy(); phone.state
//
// States: "loading" -> "ready" <-> "connecting" -> "ringing" -> "open" -> "ready"; an incoming call
// goes "incoming" -> "connecting" -> "open"; "reconnecting" while media is lost; "offline" while the
// carrier can't be reached; "destroyed".
//
// Browsers let a page make sound, and use the microphone, only after a click: create the softphone
// in the handler of one.

const SDK_URL = new URL("vendor/twilio/twilio.min.js", import.meta.url).href;
const SAMPLE_RATE = 8000;

let sdkLoading = null;
const localHosts = new Set();

// The SDK always dials wss://; a local exchange has no certificate. Only URLs of hosts that were
// named as an edgeHost are changed. The SDK keeps the WebSocket class it finds when it is loaded,
// which is why it is loaded from here, after the wrapping.
function wrapWebSocket() {
  if (window.WebSocket.forLocalExchange) return;
  const Native = window.WebSocket;
  class LocalWebSocket extends Native {
    static forLocalExchange = true;
    constructor(url, protocols) {
      const target = new URL(url, location.href);
      if (target.protocol === "wss:" && localHosts.has(target.host)) target.protocol = "ws:";
      super(target.href, ...(protocols === undefined ? [] : [protocols]));
    }
  }
  window.WebSocket = LocalWebSocket;
}

function loadSdk() {
  sdkLoading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = SDK_URL;
    script.onload = () => resolve(window.Twilio);
    script.onerror = () => {
      sdkLoading = null;
      reject(new Error(`The telephone software could not be loaded from ${SDK_URL}.`));
    };
    document.head.append(script);
  });
  return sdkLoading;
}

// The SDK would fetch its ring tones from Twilio; these are made here.
function toneUrl(frequencies, seconds, pauseSeconds = 0, level = 0.25) {
  const sounding = Math.round(seconds * SAMPLE_RATE);
  const count = sounding + Math.round(pauseSeconds * SAMPLE_RATE);
  const bytes = new DataView(new ArrayBuffer(44 + count * 2));
  const word = (at, text) => [...text].forEach((c, i) => bytes.setUint8(at + i, c.charCodeAt(0)));
  word(0, "RIFF"); bytes.setUint32(4, 36 + count * 2, true); word(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true); bytes.setUint16(20, 1, true); bytes.setUint16(22, 1, true);
  bytes.setUint32(24, SAMPLE_RATE, true); bytes.setUint32(28, SAMPLE_RATE * 2, true);
  bytes.setUint16(32, 2, true); bytes.setUint16(34, 16, true);
  word(36, "data"); bytes.setUint32(40, count * 2, true);
  for (let n = 0; n < sounding; n += 1) {
    const edge = Math.min(1, n / 80, (sounding - n) / 80);
    const sum = frequencies.reduce((s, hz) => s + Math.sin((2 * Math.PI * hz * n) / SAMPLE_RATE), 0);
    const sample = (32767 * level * edge * sum) / Math.max(1, frequencies.length);
    bytes.setInt16(44 + n * 2, sample, true);
  }
  let binary = "";
  new Uint8Array(bytes.buffer).forEach((byte) => { binary += String.fromCharCode(byte); });
  return `data:audio/wav;base64,${btoa(binary)}`;
}

function ownSounds() {
  const rows = [697, 770, 852, 941];
  const columns = [1209, 1336, 1477];
  const sounds = {
    incoming: toneUrl([440, 480], 1, 2),
    outgoing: toneUrl([], 0.05),
    disconnect: toneUrl([480, 620], 0.25),
  };
  ["123", "456", "789", "s0h"].forEach((keys, row) => {
    [...keys].forEach((key, column) => {
      sounds[`dtmf${key}`] = toneUrl([rows[row], columns[column]], 0.12);
    });
  });
  return sounds;
}

function deviceOptions(edgeHost) {
  const options = { closeProtection: false, logLevel: "error" };
  if (!edgeHost) return options;
  return {
    ...options,
    chunderw: edgeHost, // not documented by Twilio: the SDK's version is pinned for its sake
    publishEvents: false,
    disableAudioContextSounds: true,
    sounds: ownSounds(),
  };
}

export function createSoftphone(options) {
  const { token, edgeHost = null, refreshToken = null } = options;
  const tell = (name, ...values) => options[name]?.(...values);
  const callOptions = edgeHost ? { rtcConfiguration: { iceServers: [] } } : {};
  let device = null;
  let call = null;
  let state = "loading";
  let givenUp = false; // hung up while the browser was still asking for the microphone

  function become(next, detail = {}) {
    if (state === "destroyed") return;
    state = next;
    tell("onState", next, detail);
  }

  function fail(error) {
    tell("onError", { code: error.code ?? null, message: error.message ?? String(error) });
  }

  function rest(detail) {
    call = null;
    const registered = device && device.state === "registered";
    become(registered ? "ready" : "offline", detail);
  }

  function watch(current) {
    const mine = (act) => (...values) => { if (current === call) act(...values); };
    current.on("ringing", mine(() => become("ringing")));
    current.on("accept", mine(() => become("open", { callSid: current.parameters.CallSid })));
    current.on("reconnecting", mine(() => become("reconnecting")));
    current.on("reconnected", mine(() => become("open")));
    current.on("error", fail);
    current.on("messageReceived", (message) => tell("onMessage", message.content));
    ["disconnect", "cancel", "reject"].forEach((ending) => {
      current.on(ending, mine(() => rest({ ended: ending })));
    });
  }

  function ring(incoming) {
    call = incoming;
    watch(incoming);
    become("incoming", { from: incoming.parameters.From });
    tell("onIncoming", {
      from: incoming.parameters.From,
      to: incoming.parameters.To,
      parameters: Object.fromEntries(incoming.customParameters),
      accept() { become("connecting"); incoming.accept(callOptions); },
      reject() { incoming.reject(); },
    });
  }

  async function renew() {
    if (!refreshToken) return;
    try {
      device?.updateToken(await refreshToken());
    } catch (error) {
      fail(error);
    }
  }

  async function start() {
    if (edgeHost) {
      localHosts.add(edgeHost);
      wrapWebSocket();
    }
    const { Device } = await loadSdk();
    if (state === "destroyed") return;
    device = new Device(token, deviceOptions(edgeHost));
    device.on("registered", () => { if (!call) become("ready"); });
    device.on("unregistered", () => { if (!call) become("offline"); });
    device.on("incoming", ring);
    device.on("error", fail);
    device.on("tokenWillExpire", renew);
    await device.register();
  }

  const started = start().catch((error) => { become("offline"); fail(error); });

  return {
    get state() { return state; },

    // Places a call; resolves when it is on its way. The parameters become form fields of the
    // request to the server.
    async connect(params = {}) {
      await started;
      if (!device || call) throw new Error("The telephone is not ready for a call.");
      givenUp = false;
      become("connecting");
      try {
        call = await device.connect({ params, ...callOptions });
        watch(call);
        if (givenUp) call.disconnect();
      } catch (error) {
        rest({ ended: "error" });
        fail(error);
        throw error;
      }
    },

    hangUp() {
      if (call && state === "incoming") call.reject();
      else if (call) call.disconnect();
      else givenUp = true;
    },

    mute(silent) { call?.mute(Boolean(silent)); },

    sendDigits(digits) { call?.sendDigits(String(digits)); },

    // What the other side says, as a MediaStream, for level meters and tests; null without a call.
    remoteStream() { return call?.getRemoteStream() ?? null; },

    destroy() {
      device?.destroy();
      become("destroyed");
    },
  };
}
