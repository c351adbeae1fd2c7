// Forms within [data-swapping] are sent in the background, one after another, and what is in #main is exchanged: the
// next box can be scanned while the last one is still on its way. A form that doesn't get through is sent again with
// its own key, so that nothing is done twice; what still waits outlives the page, in this tab.
(() => {
  "use strict";
  const AGAIN_MS = 3000;
  const GIVE_UP_MS = 15000;
  const KEPT = `dosis:waiting:${location.pathname}`;
  const waiting = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]"); // {action, typed, scan, body}
  let sending = false;

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.closest("[data-swapping]") || form.hasAttribute("data-whole")) return;
    event.preventDefault();
    const scan = form.hasAttribute("data-scan-form");
    const typed = [...new FormData(form, event.submitter)];
    const entry = { action: form.getAttribute("action"), typed, scan, body: null };
    if (scan) {
      form.querySelector("[name=text]").value = "";
      waiting.push(entry);
    } else {
      waiting.unshift(entry); // an answer goes before the scans that wait for it
    }
    keep();
    go();
  });

  async function go() {
    if (sending || waiting.length === 0) return;
    sending = true;
    const entry = waiting.shift();
    entry.body ??= String(new URLSearchParams(entry.scan ? withKeysOfNow(entry) : entry.typed));
    keep(entry);
    try {
      const answer = await fetch(entry.action, {
        method: "POST", signal: AbortSignal.timeout(GIVE_UP_MS), body: entry.body,
        headers: { Accept: "text/html", "Content-Type": "application/x-www-form-urlencoded" },
      });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.status >= 502 || !page.querySelector("#main")) throw new Error("away");
      keep();
      exchange(page);
    } catch {
      waiting.unshift(entry);
      tell(true);
      setTimeout(() => { sending = false; go(); }, AGAIN_MS);
      return;
    }
    sending = false;
    // A question is answered first; and where somebody has to sign in again, the page they come back to goes on.
    if (document.querySelector("[data-swapping]") && !document.querySelector("[data-outcome=ask]")) go();
    else tell(false);
  }

  function keep(onItsWay) {
    const all = onItsWay ? [onItsWay, ...waiting] : waiting;
    if (all.length > 0) sessionStorage.setItem(KEPT, JSON.stringify(all));
    else sessionStorage.removeItem(KEPT);
  }

  // A scan that had to wait goes with the key and the last box of the page as it is by then.
  function withKeysOfNow(entry) {
    const typed = new Map(entry.typed);
    for (const hidden of document.querySelectorAll(`form[data-scan-form][action="${entry.action}"] input[type=hidden]`)) {
      typed.set(hidden.name, hidden.value);
    }
    return [...typed];
  }

  function exchange(page) {
    const box = document.querySelector("[data-scan-form] [name=text]");
    const begun = box && document.activeElement === box ? box.value : "";
    const main = page.querySelector("#main");
    document.querySelector("#main").replaceWith(main);
    document.title = page.title;
    takeNumbers(page);
    document.dispatchEvent(new Event("dosis:swapped"));
    const next = main.querySelector("[data-scan-form=always] [name=text]");
    if (begun && next && !next.value) next.value = begun;
    tell(false);
  }

  // What waits at this service, as its entries of the menu say on the new page; the others' were asked for already.
  function takeNumbers(page) {
    const service = location.pathname.split("/")[1];
    for (const count of document.querySelectorAll(`.dosis-nav a[href^="/${service}/"] [data-count]`)) {
      const now = page.querySelector(`.dosis-nav [data-count="${count.dataset.count}"]`);
      if (now) count.replaceWith(now);
    }
  }

  function tell(away) {
    const note = document.querySelector("[data-away]");
    if (note) note.hidden = !away;
    const count = document.querySelector("[data-waiting]");
    if (count) {
      count.hidden = waiting.length === 0;
      count.querySelector("b").textContent = String(waiting.length);
    }
  }

  go();
})();
