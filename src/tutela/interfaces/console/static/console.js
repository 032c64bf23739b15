// The keyboard of the console. Every page works without it: it only saves reaching for the mouse.
"use strict";

const sheet = document.getElementById("keys");
let waitingForPlace = false;

function showKeys() {
  sheet.showModal();
  document.getElementById("keys-title").focus(); // it begins at its beginning, however long
}

function typing(target) {
  const field = target.closest("input, select, textarea, dialog");
  return field !== null && !["radio", "checkbox"].includes(field.type);
}

function move(step) {
  const rows = [...document.querySelectorAll("tr[data-href]")];
  if (rows.length === 0) return;
  const now = rows.findIndex((row) => row.contains(document.activeElement));
  const next = now === -1 ? (step > 0 ? 0 : rows.length - 1) : now + step;
  const link = rows[Math.min(Math.max(next, 0), rows.length - 1)].querySelector("a");
  link.focus();
  link.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (waitingForPlace) {
    waitingForPlace = false;
    event.preventDefault();
    const place = document.querySelector(`#places [data-place="${CSS.escape(event.key)}"]`);
    if (place) location.assign(place.href);
    return;
  }
  if (event.key === "g") {
    waitingForPlace = true;
    event.preventDefault();
  }
  else if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "?" && sheet) showKeys();
});

for (const button of document.querySelectorAll("[data-keys]")) {
  button.hidden = false;
  button.addEventListener("click", showKeys);
}

// The server writes times by the reader's clock, which browsers do not tell by themselves.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `tutela_zone=${zone}; path=/console; max-age=31536000; samesite=strict${secure}`;
}

// A long import says that it is at work and cannot be sent twice by accident.
for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button");
    button.disabled = true;
    button.textContent = form.dataset.busy;
  });
}

// Work that goes on is shown as it goes on. A part that the reader is in stays as it is.
async function renew() {
  if (document.hidden) return setTimeout(again, 1500);
  const answer = await fetch(location.href, { headers: { "Tutela-Unattended": "yes" } });
  if (answer.status === 401) {
    const end = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.getElementById("main").prepend(...end.body.children);
  }
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const goesOn = fresh.querySelector("[data-going-on]") !== null;
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (other && !part.contains(document.activeElement)) part.replaceWith(other);
  }
  if (goesOn) setTimeout(again, 1500);
}

const again = () => renew().catch(() => {});
if (document.querySelector("[data-going-on]")) setTimeout(again, 1500);

// Parts that htmx renews rest while nobody can see them, and are renewed when somebody looks again.
document.addEventListener("htmx:confirm", (event) => {
  if (document.hidden) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const part of document.querySelectorAll("[hx-get]")) part.dispatchEvent(new Event("seen"));
});
