// A scanner is a keyboard that types fast. This reads the keys it presses, not the letters that the keyboard's layout
// makes of them, wherever on the page they fall, and gives what was scanned to the form marked data-scan-form.
(() => {
  "use strict";
  const FAST_MS = 50; // between two keys of a scanner, nearly always; people are slower
  const PAUSE_MS = 400; // what comes after such a pause is something else
  const LEAST_KEYS = 5;
  const GS = "\u001d"; // parts the fields of a GS1 code

  const PLAIN = {
    Backquote: "`", Minus: "-", Equal: "=", BracketLeft: "[", BracketRight: "]", Backslash: "\\", Semicolon: ";",
    Quote: "'", Comma: ",", Period: ".", Slash: "/", Space: " ", NumpadAdd: "+", NumpadSubtract: "-",
    NumpadMultiply: "*", NumpadDivide: "/", NumpadDecimal: ".",
  };
  const SHIFTED = {
    Digit1: "!", Digit2: "@", Digit3: "#", Digit4: "$", Digit5: "%", Digit6: "^", Digit7: "&", Digit8: "*",
    Digit9: "(", Digit0: ")", Backquote: "~", Minus: "_", Equal: "+", BracketLeft: "{", BracketRight: "}",
    Backslash: "|", Semicolon: ":", Quote: "\"", Comma: "<", Period: ">", Slash: "?",
  };

  // What a key would type on the layout that scanners take for granted; null: it types nothing.
  function signOf(event) {
    const code = event.code;
    if (/^Key[A-Z]$/.test(code)) {
      const capital = event.shiftKey !== event.getModifierState("CapsLock");
      return capital ? code[3] : code[3].toLowerCase();
    }
    if (event.shiftKey && code in SHIFTED) return SHIFTED[code];
    if (/^(Digit|Numpad)[0-9]$/.test(code)) return code.slice(-1);
    return PLAIN[code] ?? null;
  }

  let burst = null; // the keys since the last pause: {text, gaps, at, field, before}
  let alt = null; // digits typed on the number pad while Alt is down: Alt+029 is GS

  function begin(event) {
    const field = isField(event.target) ? event.target : null;
    burst = { text: "", gaps: [], at: event.timeStamp, field, before: field ? field.value : "" };
  }

  // What a scanner typed before this was loaded stands in the field.
  const early = document.querySelector("[data-scan-form] [name=text]");
  if (early?.value && document.activeElement === early) {
    burst = { text: early.value, gaps: [], at: performance.now(), field: early, before: "" };
  }

  function isField(element) {
    return element instanceof HTMLTextAreaElement
      || (element instanceof HTMLInputElement && !["hidden", "checkbox", "radio"].includes(element.type));
  }

  function add(event, sign) {
    if (!burst || event.timeStamp - burst.at > PAUSE_MS) begin(event);
    else burst.gaps.push(event.timeStamp - burst.at);
    burst.text += sign;
    burst.at = event.timeStamp;
  }

  // A slow key now and then is a computer that had something else to do, or the keys of Alt+029; a person is slow at
  // nearly every one.
  function isScan(event) {
    if (!burst || burst.text.length < LEAST_KEYS || event.timeStamp - burst.at > PAUSE_MS) return false;
    const gaps = [...burst.gaps].sort((one, other) => one - other);
    return gaps[Math.floor(gaps.length / 2)] <= FAST_MS;
  }

  function take(event) {
    const form = document.querySelector("[data-scan-form]");
    const scanned = burst;
    burst = null;
    if (!form) return;
    const box = form.querySelector("[name=text]");
    // What every page has catches what falls beside the fields; a field of the page's own keeps what is scanned into it,
    // but for one whose text would stand in an address: it might be a card.
    const own = scanned.field !== box && scanned.field?.form?.method === "post";
    if (form.dataset.scanForm === "beside" && own) return;
    event.preventDefault();
    event.stopPropagation();
    if (scanned.field && scanned.field !== box) scanned.field.value = scanned.before;
    box.value = scanned.text;
    form.requestSubmit();
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.altKey && /^Numpad[0-9]$/.test(event.code)) {
      alt = (alt ?? "") + event.code.slice(-1);
      event.preventDefault();
      return;
    }
    if (event.ctrlKey && event.code === "BracketRight") {
      add(event, GS);
      event.preventDefault();
      return;
    }
    if (event.code === "Enter" || event.code === "NumpadEnter" || event.code === "Tab") {
      if (isScan(event)) take(event);
      else burst = null;
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const sign = signOf(event);
    if (sign === null) {
      if (/^(Backspace|Delete|Arrow)/.test(event.code)) burst = null;
      return;
    }
    add(event, sign);
    // A key that falls beside every field belongs to the scan box.
    const box = document.querySelector("[data-scan-form=always] [name=text]");
    if (box && !isField(event.target) && !isButtonKey(event)) {
      if (event.key.length === 1) box.value += event.key;
      box.focus();
      event.preventDefault();
    }
  }, true);

  function isButtonKey(event) {
    return event.code === "Space" && event.target instanceof HTMLElement && event.target.matches("button, a, summary");
  }

  // The key that led to the search is no part of what is typed there.
  document.addEventListener("focusin", () => { if (burst?.text === "/") burst = null; });

  document.addEventListener("keyup", (event) => {
    if (event.key !== "Alt" || alt === null) return;
    if (Number(alt) === 29) add(event, GS);
    alt = null;
    event.preventDefault();
  }, true);
})();
