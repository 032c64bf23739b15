// Keys and clocks of the pages of review. Every form works without them.
"use strict";

(() => {
  const form = document.getElementById("decide");
  const said = document.getElementById("said");
  let prefix = "";

  const writing = (target) =>
    target.closest('textarea, select, dialog, input:not([type="radio"], [type="checkbox"])') !== null;
  const shown = (element) => element.checkVisibility();
  const first = (selector) => [...document.querySelectorAll(selector)].find(shown);

  function say(words) {
    if (said) said.textContent = words;
  }

  function labelled(input) {
    const label = input.closest("label").cloneNode(true);
    label.querySelectorAll("kbd").forEach((key) => key.remove());
    return label.textContent.trim();
  }

  function press(input) {
    input.checked = input.type === "radio" || !input.checked;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    say(`${labelled(input)}${input.checked ? " ✓" : " –"}`);
  }

  function taken(key) {
    const whole = prefix + key;
    prefix = "";
    const input = first(`[data-press="${CSS.escape(whole)}"]`);
    if (input) {
      press(input);
      return true;
    }
    if (whole.length > 1) return true; // a number that there is none of
    const group = first(`[data-prefix="${CSS.escape(key)}"]`);
    if (group) {
      prefix = key;
      say(group.querySelector("legend").dataset.say);
      return true;
    }
    const field = document.querySelector(`[data-focus="${CSS.escape(key)}"]`);
    if (field) {
      const folded = field.closest("details");
      if (folded) folded.open = true;
      field.focus();
      return true;
    }
    const button = first(`[data-key="${CSS.escape(key)}"]`);
    if (button && !button.disabled) button.click();
    return Boolean(button);
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.metaKey || event.isComposing) return;
    if (writing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      else if (event.key === "Enter" && event.ctrlKey && form?.contains(event.target)) form.requestSubmit();
      return;
    }
    if (event.ctrlKey || event.repeat) return;
    if (event.key === "Escape") prefix = "";
    else if (event.key.length === 1 && event.key !== " " && taken(event.key)) event.preventDefault();
  });

  // Reasons are offered for what they are reasons for, numbered as they stand.
  function offer() {
    const outcome = form.querySelector('input[name="outcome"]:checked')?.value;
    let number = 0;
    for (const label of form.querySelectorAll("label[data-outcomes]")) {
      const fits = !outcome || label.dataset.outcomes.split(" ").includes(outcome);
      const box = label.querySelector("input");
      const key = label.querySelector("kbd");
      label.hidden = !fits;
      box.disabled = !fits;
      number += fits ? 1 : 0;
      const known = fits && number <= 9;
      box.dataset.press = known ? `r${number}` : "";
      if (key) {
        key.hidden = !known;
        key.textContent = known ? number : "";
      }
    }
  }

  if (form) {
    form.addEventListener("change", (event) => {
      if (event.target.name === "outcome") offer();
    });
    offer();
  }

  // A claim holds while somebody is at the page. Time is counted here by a clock that nobody sets.
  let moved = performance.now();
  for (const kind of ["keydown", "pointermove", "scroll"]) {
    document.addEventListener(kind, () => (moved = performance.now()), { passive: true, capture: true });
  }
  let begun = performance.now();

  const tell = (id, is) => {
    const note = document.getElementById(id);
    if (note) note.hidden = !is;
    return is ? note : null;
  };
  const parsed = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");

  // Asks the server to let the claim go on. Says whether whoever sits here is still signed in.
  async function renew(line) {
    const ask = () => {
      const body = new URLSearchParams({ csrf: form.elements.csrf.value });
      return fetch(line.dataset.renew, { method: "POST", body, redirect: "manual" });
    };
    let answer = await ask();
    if (answer.status === 403) {
      // Somebody has signed in again beside this page: forms carry what the new session wants.
      const page = await fetch(location.pathname, { redirect: "manual" });
      const fresh = page.ok ? (await parsed(page)).querySelector('input[name="csrf"]') : null;
      if (!fresh) return page.type !== "opaqueredirect";
      for (const field of document.querySelectorAll('input[name="csrf"]')) field.value = fresh.value;
      answer = await ask();
    }
    if (answer.type === "opaqueredirect") return false;
    tell("lease-over", answer.status >= 400 && answer.status < 500);
    if (answer.ok) {
      line.replaceWith((await parsed(answer)).querySelector(".lease"));
      begun = performance.now();
    }
    return true;
  }

  function watch() {
    const line = document.querySelector(".lease");
    if (!line) return;
    const age = (performance.now() - begun) / 1000;
    const whole = Number(line.dataset.seconds);
    const active = (performance.now() - moved) / 1000 < whole / 2 && !document.hidden;
    if (age > whole / 3 && active) renew(line).then((signedIn) => tell("signed-out", !signedIn), () => {});
    else if (age > Number(line.dataset.left)) tell("lease-over", true);
  }

  // A form is sent once it is known to arrive: what was typed stays here until then.
  let sent = false;
  let asking = false;

  async function send(event) {
    const line = document.querySelector(".lease");
    if (sent || !line) return;
    event.preventDefault();
    if (asking) return;
    asking = true;
    try {
      const signedIn = await renew(line);
      tell("unreached", false);
      tell("signed-out", !signedIn)?.querySelector("a").focus();
      if (!signedIn) return;
      sent = true;
      form.requestSubmit(event.submitter);
    } catch {
      tell("unreached", true);
    } finally {
      asking = false;
    }
  }

  if (form) {
    setInterval(watch, 5000);
    form.addEventListener("submit", (event) => send(event));
  }

  // How long a decision can still be undone.
  for (const bar of document.querySelectorAll("[data-undo-left]")) {
    const whole = Number(bar.dataset.undoLeft);
    const left = bar.querySelector("[data-left]");
    const from = performance.now();
    const tick = setInterval(() => {
      const seconds = Math.ceil(whole - (performance.now() - from) / 1000);
      if (left) left.textContent = seconds > 0 ? `(${seconds} s)` : "";
      if (seconds > 0) return;
      clearInterval(tick);
      bar.hidden = true;
    }, 250);
  }

  // A page that answers a form stands in the history as the page of the case: whoever goes back to
  // it, or loads it again, sends nothing twice and is asked nothing.
  const own = location.pathname.match(/^\/console\/cases\/[^/]+/);
  if (own && own[0] !== location.pathname + location.search) history.replaceState(null, "", own[0] + location.hash);

  // Back to a page that the browser has kept shows the case as it is, not as it was.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
