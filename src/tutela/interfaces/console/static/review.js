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

  async function renew(line) {
    const body = new URLSearchParams({ csrf: form.elements.csrf.value });
    const answer = await fetch(line.dataset.renew, { method: "POST", body, redirect: "error" });
    if (answer.status >= 400 && answer.status < 500) throw new Error("over");
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    line.replaceWith(fresh.querySelector(".lease"));
    begun = performance.now();
  }

  function watch() {
    const line = document.querySelector(".lease");
    const over = document.getElementById("lease-over");
    if (!line || !form) return;
    const age = (performance.now() - begun) / 1000;
    const whole = Number(line.dataset.seconds);
    const active = (performance.now() - moved) / 1000 < whole / 2 && !document.hidden;
    if (age > whole / 3 && active) {
      renew(line).catch((error) => {
        if (error.message === "over" && over) over.hidden = false;
      });
    } else if (age > Number(line.dataset.left) && over) over.hidden = false;
  }

  if (form) setInterval(watch, 5000);

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

  // Back to a page that the browser has kept shows the case as it is, not as it was.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
