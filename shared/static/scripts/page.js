// What every page does beyond plain HTML: the focus where the next step is, a sound for yes and no, keys, and parts
// of other services. Without it all works, with a little more typing.
(() => {
  "use strict";
  const SOUNDS = { yes: [[880, 0.09]], no: [[220, 0.18], [165, 0.28]], ask: [[520, 0.1], [520, 0.1]], undone: [[440, 0.08], [330, 0.1]] };
  let audio = null;

  // A short tone or two: a volunteer hears whether the box was taken without looking up.
  function sound(outcome) {
    if (!(outcome in SOUNDS) || !("AudioContext" in window) || !navigator.userActivation?.hasBeenActive) return;
    audio ??= new AudioContext();
    let at = audio.currentTime;
    for (const [hertz, seconds] of SOUNDS[outcome]) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      volume.gain.value = 0.12;
      tone.frequency.value = hertz;
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at + seconds);
      at += seconds + 0.04;
    }
  }

  // The next step has the focus, also after a part of the page was changed.
  function settle() {
    const told = document.querySelector("[data-outcome]");
    if (told) sound(told.dataset.outcome);
    const wrong = document.querySelector(".nhsuk-error-summary ~ * .nhsuk-input--error");
    const next = wrong ?? document.querySelector("[autofocus]");
    next?.focus();
    // What was typed wrong is replaced by the next scan or word, and a number that is offered by another.
    const refused = told?.dataset.outcome === "no" && next?.matches("[data-scan-form] input");
    if (wrong || refused || next?.matches("[data-replace]")) next.select();
  }

  document.addEventListener("DOMContentLoaded", settle);
  document.addEventListener("dosis:swapped", settle);

  // A finger that stays on Enter means one thing, and not the next page's button too.
  document.addEventListener("keydown", (event) => {
    if (event.repeat && event.key === "Enter" && event.target.matches?.("button, a")) event.preventDefault();
  });

  // What waits at the other services: they are asked, and whoever doesn't answer leaves a question mark.
  const nav = document.querySelector("[data-numbers]");
  for (const address of nav?.dataset.numbers.split(" ") ?? []) {
    const counts = [...nav.querySelectorAll(`a[href^="/${address.split("/")[1]}/"] [data-count]`)];
    const show = (numberOf) => {
      for (const count of counts) {
        count.querySelector("b").textContent = numberOf(count.dataset.count);
        count.hidden = !numberOf(count.dataset.count);
      }
    };
    fetch(address, { signal: AbortSignal.timeout(10000) })
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.status))))
      .then((numbers) => show((name) => numbers[name] ?? 0), () => show(() => "?"));
  }

  // A form that is on its way is not sent twice by an impatient hand.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    if (form.dataset.sent && Date.now() - Number(form.dataset.sent) < 3000) event.preventDefault();
    else form.dataset.sent = String(Date.now());
  });

  // One key for each answer that shows its key, and a digit for each of a list. A scanner types such keys too: it lets
  // go of a key at once, as no finger does, and the next key follows.
  const FINGER_MS = 25;
  const AFTER_MS = 150;
  let pressed = null; // {code, at, wanted}
  let waiting = null;
  document.addEventListener("keydown", (event) => {
    if (event.repeat) return;
    clearTimeout(waiting);
    pressed = null;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches?.("input:not([type=checkbox], [type=radio]), textarea, select")) return;
    const wanted = wantedBy(event);
    if (wanted === null) return;
    event.preventDefault();
    pressed = { code: event.code, at: event.timeStamp, wanted };
  });
  document.addEventListener("keyup", (event) => {
    if (pressed?.code !== event.code) return;
    if (event.timeStamp - pressed.at >= FINGER_MS) waiting = setTimeout(pressed.wanted, AFTER_MS);
    pressed = null;
  });

  function wantedBy(event) {
    const sign = /^(Digit|Numpad)[0-9]$/.test(event.code) && !event.shiftKey ? event.code.slice(-1) : null;
    const button = sign && (document.querySelector(`[data-key="${sign}"]`)
      ?? document.querySelectorAll("[data-choosing] li button, [data-choosing] li a")[Number(sign) - 1]);
    if (button) return () => button.click();
    const search = document.querySelector("[data-search]");
    if (event.code === "Slash" && !event.shiftKey && search) return () => search.focus();
    const keys = document.querySelector("[data-keys]");
    if (event.code === "Slash" && event.shiftKey && keys) return () => { keys.open = true; keys.querySelector("summary").focus(); };
    return null;
  }

  // A part of another service that doesn't answer is said to be away; its plain link stays.
  for (const kind of ["htmx:error", "htmx:response:error", "htmx:timeout"]) {
    document.addEventListener(kind, (event) => {
      const part = event.target instanceof Element ? event.target.closest("[data-part]") : null;
      part?.classList.add("dosis-part--away");
    });
  }
})();
