// Every sentence of the phones page, in Korean and in English.

const WORDS = {
  ko: {
    title: "연습용 전화기",
    skip: "전화 걸기로 바로 가기",
    menu: "메뉴",
    another: "새 전화기 열기",
    practice: "이 전화기는 연습용이며 이 컴퓨터 안에서만 연결됩니다. 실제 상담은 전화 120, 위급할 때는 119로 걸어 주세요.",
    phone: "전화기",
    myNumber: "내 번호",
    change: "바꾸기",
    keep: "확인",
    wrongNumber: "010-1234-5678 같은 전화번호를 적어 주세요.",
    withhold: "번호 숨기고 걸기",
    numberLabel: "걸 번호",
    keypad: "번호판",
    call: "전화 걸기",
    callEmpty: "02-120 걸기",
    hangUp: "전화 끊기",
    mute: "내 소리 끄기",
    unmute: "내 소리 켜기",
    erase: "지우기",
    answer: "받기",
    reject: "거절",
    incomingFrom: (from) => `${from}에서 전화가 왔습니다`,
    keysHelp: "자판으로도 쓸 수 있습니다. 숫자 · Enter 걸기와 받기 · Esc 끊기",
    captions: "들리는 말",
    stepsIntro: "외로움안녕120에 이렇게 전화해 보세요.",
    step1: "파란 단추를 눌러 02-120으로 겁니다.",
    step2: "안내를 끝까지 듣고 5번을 누릅니다.",
    step3: "상담사가 받으면 이야기하고, 마치면 끊습니다.",
    noMicrophone: "마이크를 쓸 수 없어 상대방은 내 목소리를 듣지 못합니다. 듣기와 번호 누르기는 됩니다.",
    browserVoice: "이 컴퓨터에는 음성 합성기가 없어 브라우저의 목소리로 들려드립니다.",
    error: (message) => `전화기에 문제가 생겼습니다. ${message}`,
    pressed: (digit) => `${digit}번을 눌렀습니다`,
    states: {
      loading: "전화기를 켜는 중입니다",
      ready: "걸 수 있습니다",
      offline: "연결이 끊겼습니다. 다시 연결하고 있습니다",
      connecting: "거는 중입니다",
      ringing: "신호가 갑니다",
      incoming: "전화가 왔습니다",
      open: "통화 중",
      reconnecting: "소리를 다시 잇고 있습니다",
      destroyed: "전화기를 껐습니다",
    },
    hearing: {
      speech: "안내 말씀",
      recording: "녹음 소리",
      ringback: "신호음",
      music: "대기 음악",
      bridge: "상대방과 연결됨",
      tone: "신호음",
      silence: "조용함",
    },
    ended: {
      completed: "통화가 끝났습니다",
      busy: "상대방이 통화 중이거나 받지 않기로 했습니다",
      "no-answer": "상대방이 받지 않았습니다",
      canceled: "건 사람이 먼저 끊었거나 다른 곳에서 받았습니다",
      failed: "연결할 수 없는 번호입니다",
    },
    withheld: "발신 번호 표시 없음",
  },
  en: {
    title: "Practice telephone",
    skip: "Skip to dialling",
    menu: "Menu",
    another: "Open another phone",
    practice: "This is a practice telephone; its calls never leave this computer. For real counseling call 120; in an emergency call 119.",
    phone: "Telephone",
    myNumber: "My number",
    change: "Change",
    keep: "Keep",
    wrongNumber: "Please write a telephone number such as 010-1234-5678.",
    withhold: "Hide my number",
    numberLabel: "Number to call",
    keypad: "Keypad",
    call: "Call",
    callEmpty: "Call 02-120",
    hangUp: "Hang up",
    mute: "Mute me",
    unmute: "Unmute me",
    erase: "Erase",
    answer: "Answer",
    reject: "Decline",
    incomingFrom: (from) => `Call from ${from}`,
    keysHelp: "The keyboard works too: digits · Enter to call and answer · Esc to hang up",
    captions: "What you hear",
    stepsIntro: "Try calling the Goodbye Loneliness 120 line:",
    step1: "Press the blue button to call 02-120.",
    step2: "Listen to the announcement (in Korean), then press 5.",
    step3: "When a counselor answers, talk; hang up when you are done.",
    noMicrophone: "No microphone can be used, so the other side can't hear you. Listening and key presses work.",
    browserVoice: "This computer has no speech synthesiser; your browser's own voice speaks instead.",
    error: (message) => `Something is wrong with the telephone. ${message}`,
    pressed: (digit) => `You pressed ${digit}`,
    states: {
      loading: "Switching on",
      ready: "Ready to call",
      offline: "Disconnected. Trying again",
      connecting: "Calling",
      ringing: "Ringing",
      incoming: "Someone is calling you",
      open: "In a call",
      reconnecting: "Sound lost, reconnecting",
      destroyed: "Switched off",
    },
    hearing: {
      speech: "Announcement",
      recording: "Recording",
      ringback: "Ringing tone",
      music: "Waiting music",
      bridge: "Talking",
      tone: "Tone",
      silence: "Silence",
    },
    ended: {
      completed: "The call has ended",
      busy: "The other side was busy or declined",
      "no-answer": "Nobody answered",
      canceled: "The caller hung up first, or it was answered elsewhere",
      failed: "This number can't be reached",
    },
    withheld: "number withheld",
  },
};

let language = localStorage.getItem("language") === "en" ? "en" : "ko";

export const words = () => WORDS[language];

// Puts the chosen language on everything that carries data-word or data-word-label.
export function translatePage() {
  document.documentElement.lang = language;
  document.title = words().title;
  document.querySelectorAll("[data-word]").forEach((element) => {
    element.textContent = words()[element.dataset.word];
  });
  document.querySelectorAll("[data-word-label]").forEach((element) => {
    element.setAttribute("aria-label", words()[element.dataset.wordLabel]);
  });
}

export function switchLanguage() {
  language = language === "ko" ? "en" : "ko";
  localStorage.setItem("language", language);
  return language;
}

// 02120 -> 02-120, 01012345678 -> 010-1234-5678, +821012345678 -> 010-1234-5678.
export function formatNumber(number) {
  const national = number.replace(/^\+82/, "0").replace(/[^\d*#+]/g, "");
  if (/^02\d{1,3}$/.test(national)) return national.replace(/^02/, "02-");
  if (/^02\d+$/.test(national)) return national.replace(/^(02)(\d{3,4}?)(\d{1,4})$/, "$1-$2-$3");
  if (/^01\d{9}$/.test(national)) return national.replace(/^(\d{3})(\d{4})(\d{4})$/, "$1-$2-$3");
  return national;
}
