// Moves the bar without loading the page anew. Everything works without it, by the button.
"use strict";

(() => {
  const bar = document.getElementById("bar");
  const range = document.getElementById("threshold");
  if (!bar || !range) return;
  const [low, high, left, right] = ["low", "high", "left", "right"].map((name) => Number(bar.dataset[name]));
  const rows = new Map(
    [...document.querySelectorAll("#every-tenth tbody tr")].map((row) => [Number(row.dataset.threshold).toFixed(1), row]),
  );
  const chosen = document.getElementById("chosen");
  document.documentElement.classList.add("scripted");

  function mark(value, text) {
    const at = left + ((value - low) / (high - low)) * (right - left);
    for (const line of document.querySelectorAll("svg.chart .mark")) {
      line.setAttribute("x1", at);
      line.setAttribute("x2", at);
      const label = line.nextElementSibling;
      label.setAttribute("x", at);
      label.setAttribute("text-anchor", at > (left + right) / 2 ? "end" : "start");
      label.textContent = text;
    }
  }

  range.addEventListener("input", () => {
    const row = rows.get(Number(range.value).toFixed(1));
    if (!row) return;
    for (const place of document.querySelectorAll("#at-bar [data-cell]")) {
      const cell = row.cells[Number(place.dataset.cell)];
      place.textContent = (cell.firstChild.nodeType === Node.TEXT_NODE && place.dataset.cell === "0"
        ? cell.firstChild.textContent
        : cell.textContent
      ).trim();
    }
    const said = row.cells[0].firstChild.textContent.trim();
    range.setAttribute("aria-valuetext", said);
    mark(Number(range.value), said);
    if (chosen) chosen.value = range.value;
  });
})();
