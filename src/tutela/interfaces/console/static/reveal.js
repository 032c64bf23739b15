// Pictures of a case: covered at first, uncovered for as long as a key or button is held. Nothing of
// them is an image or has an address: they are drawn on a canvas, and drawn over again.
"use strict";

(() => {
  const made = document.getElementById("covered-picture");
  const form = document.getElementById("decide");
  if (!made || !form) return;

  const TOLD = ["pause-needed", "budget-spent", "claim-lost", "cannot-be-shown", "conflict"];
  const ZOOMS = [1, 2, 4, 8];
  const LARGEST_SHARE = 0.5; // of a picture's width and height, where only a part may be seen
  const CLIP_SECONDS = 10;
  const STEP = 0.1; // of a picture, for an arrow key
  const TRIES = 5;
  const BETWEEN = 0.1; // seconds, from one part to the next: each is made for this one look
  const SLOW = 400; // milliseconds, after which it is said that something is on its way
  const words = made.dataset;
  const pictures = [...document.querySelectorAll("covered-picture")];
  let here = null; // the picture that keys are for
  let held = null; // what is uncovered, or on its way

  const within = (value, low, high) => Math.min(Math.max(value, low), high);
  const put = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => facts[name]);
  const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

  /** Why something is not shown, in words. */
  class Refusal extends Error {
    constructor(text, again = 0) {
      super(text);
      this.again = again; // seconds after which to try once more; 0 for not by itself
    }
  }

  async function ask(address, fields) {
    const body = new URLSearchParams({ csrf: form.elements.csrf.value, ...fields });
    let answer;
    try {
      answer = await fetch(address, { method: "POST", body, redirect: "manual", cache: "no-store" });
    } catch {
      throw new Refusal(words.failed);
    }
    if (answer.ok) return answer;
    if (answer.type === "opaqueredirect" || answer.status === 401) throw new Refusal(words.signedOut);
    throw await refusal(answer);
  }

  async function refusal(answer) {
    const code = (await answer.json().catch(() => ({}))).code ?? "";
    const after = Number(answer.headers.get("Retry-After")) || 0;
    const name = code.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
    if (TOLD.includes(code)) {
      const hour = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: words.zone };
      const until = new Date(Date.now() + after * 1000);
      const time = new Intl.DateTimeFormat(document.documentElement.lang, hour).format(until);
      return new Refusal(put(words[name], { time }));
    }
    return new Refusal(words.failed, answer.status === 503 || answer.status === 429 ? after || 1 : 0);
  }

  /** What is uncovered while something is held: one exposure, from its first byte to its end. */
  class Hold {
    constructor(picture, show) {
      this.picture = picture;
      this.show = show;
      this.over = false;
      this.number = null; // of the exposure, once the server has written it down
      this.since = null; // when it was first seen
      this.shown = 0; // seconds
      this.moved = () => {};
      this.slow = setTimeout(() => picture.say(words.waiting), SLOW);
    }

    async run() {
      try {
        if (this.show === "clip") await this.play();
        else await this.follow();
        this.release();
      } catch (problem) {
        const why = problem instanceof Refusal ? problem.message : words.failed;
        if (this.over) this.picture.say(why);
        else this.release(why);
      }
    }

    /** Show the part that is wanted, then each other one that comes to be wanted. */
    async follow() {
      while (!this.over) {
        const region = this.picture.region();
        const image = await createImageBitmap(await (await this.fetch(region ?? {})).blob());
        if (this.over) return image.close();
        this.picture.draw(image, region);
        image.close();
        this.seen();
        await wait(BETWEEN);
        while (!this.over && same(region, this.picture.region())) {
          await new Promise((moved) => (this.moved = moved));
        }
      }
    }

    async play() {
      const answer = await this.fetch({ start: this.picture.start });
      const film = document.createElement("video");
      const address = URL.createObjectURL(await answer.blob());
      try {
        film.muted = answer.headers.get("Tutela-Sound") !== "yes";
        film.src = address;
        if (this.over) return;
        await film.play();
        if (this.over) return;
        this.seen();
        const ended = new Promise((done) => (film.onended = done));
        const over = new Promise((done) => (this.moved = done));
        const tick = () => {
          if (this.over) return;
          this.picture.draw(film, null);
          requestAnimationFrame(tick);
        };
        tick();
        const whole = await Promise.race([ended.then(() => true), over]);
        if (whole) this.picture.start += CLIP_SECONDS;
      } finally {
        film.pause();
        film.removeAttribute("src");
        film.load();
        URL.revokeObjectURL(address);
      }
    }

    async fetch(fields) {
      const going = this.number === null ? {} : { exposure: this.number };
      const answer = await this.picture.fetch(this.show, { ...fields, ...going });
      if (this.number === null) {
        this.number = answer.headers.get("Tutela-Exposure");
        const most = Number(answer.headers.get("Tutela-For"));
        this.timer = setTimeout(() => this.release(words.longest), most * 1000);
        if (this.over) this.tell(); // let go of before anything was seen
      }
      return answer;
    }

    seen() {
      clearTimeout(this.slow);
      if (this.since === null) this.picture.say("");
      this.since ??= performance.now();
    }

    /** Cover it again, at once; and say how long it was open. */
    release(why = "") {
      if (this.over) return;
      this.over = true;
      clearTimeout(this.timer);
      clearTimeout(this.slow);
      if (this.since !== null) this.shown = (performance.now() - this.since) / 1000;
      if (held === this) held = null;
      this.picture.cover(why);
      this.moved();
      if (this.number !== null) this.tell();
    }

    tell() {
      const seconds = this.shown.toFixed(3);
      const body = new URLSearchParams({ csrf: form.elements.csrf.value, seconds });
      const address = `/console/exposures/${this.number}/end`;
      if (navigator.sendBeacon?.(address, body)) return;
      fetch(address, { method: "POST", body, keepalive: true }).catch(() => {});
    }
  }

  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  class CoveredPicture extends HTMLElement {
    connectedCallback() {
      this.contents = this.dataset.contents.trim().split(" ");
      this.place = 0;
      this.facts = null;
      this.veil = null; // the covered picture
      this.replaceChildren(made.content.cloneNode(true));
      this.canvas = this.querySelector("canvas");
      this.brush = this.canvas.getContext("2d");
      this.lens = this.querySelector(".lens");
      this.setAttribute("role", "group");
      const facts = { number: pictures.indexOf(this) + 1, count: pictures.length };
      this.name = put(words.which, facts);
      this.setAttribute("aria-label", this.name);
      this.state = "waiting";
      this.listen();
    }

    get start() {
      return Number(this.querySelector(".start input").value);
    }

    set start(seconds) {
      const most = this.facts?.seconds ?? 0;
      const from = seconds < most ? seconds : 0;
      this.querySelector(".start input").value = from;
      this.querySelector(".start output").textContent = from;
    }

    set state(state) {
      this.dataset.state = state;
      const member = this.contents.length > 1 ? `, ${this.member}` : "";
      const said = state === "open" ? words.open : words.covered;
      this.canvas.setAttribute("aria-label", `${this.name}${member}: ${said}`);
    }

    get member() {
      return put(words.member, { number: this.place + 1, count: this.contents.length });
    }

    say(text) {
      const line = this.querySelector(".said");
      if (line.textContent !== text) line.textContent = text;
    }

    // What there is of it.

    fetch(show, fields) {
      const [item, ordinal] = this.contents[this.place].split(":");
      return ask(this.dataset.from + item, { show, ordinal, ...fields });
    }

    /** Fetch it covered. */
    async load() {
      const place = this.place;
      this.state = "waiting";
      const slow = setTimeout(() => place === this.place && this.say(words.waiting), SLOW);
      for (let tries = 1; ; tries += 1) {
        try {
          const answer = await this.fetch("covered", {});
          const image = await createImageBitmap(await answer.blob());
          clearTimeout(slow);
          if (place !== this.place) return image.close();
          return this.stand(image, answer.headers);
        } catch (problem) {
          if (place !== this.place) return undefined;
          if (!(problem instanceof Refusal) || !problem.again || tries === TRIES) {
            this.state = "none";
            clearTimeout(slow);
            return this.say(problem instanceof Refusal ? problem.message : words.failed);
          }
          await wait(problem.again);
        }
      }
    }

    stand(image, headers) {
      const number = (name) => Number(headers.get(`Tutela-${name}`)) || 0;
      const yes = (name) => headers.get(`Tutela-${name}`) === "yes";
      const [stills, columns] = [number("Stills"), number("Columns")];
      const moves = stills > 1 || number("Seconds") > 0;
      this.facts = { stills, columns, seconds: number("Seconds"), region: yes("Region") };
      this.veil?.close();
      this.veil = image;
      [this.canvas.width, this.canvas.height] = [image.width, image.height];
      [this.zoom, this.x, this.y] = [1, 0.5, 0.5];
      if (stills > 1) [this.x, this.y] = [0, 0];
      this.querySelector(".clip").hidden = !(moves && yes("Clip"));
      const longer = moves && yes("Clip") && this.facts.seconds > CLIP_SECONDS;
      this.querySelector(".start").hidden = !longer;
      this.querySelector(".start input").max = Math.max(Math.floor(this.facts.seconds) - 1, 0);
      this.start = 0;
      this.cover(yes("Missing") ? words.missing : "");
    }

    // What of it is wanted.

    /** The part that would be uncovered; null for the whole. */
    region() {
      const [width, height] = this.share();
      if (width === 1 && height === 1) return null;
      const x = within(this.x - width / 2, 0, 1 - width).toFixed(4);
      const y = within(this.y - height / 2, 0, 1 - height).toFixed(4);
      return { x, y, width: width.toFixed(4), height: height.toFixed(4), zoom: this.zoom };
    }

    share() {
      const { stills, columns, region } = this.facts;
      const most = region ? LARGEST_SHARE : 1;
      if (stills <= 1) return Array(2).fill(Math.min(1 / this.zoom, most));
      if (!region) return [1, 1];
      return [Math.min(1 / columns, most), Math.min(1 / Math.ceil(stills / columns), most)];
    }

    /** Another part is wanted. */
    point(x, y) {
      if (!this.facts) return;
      [this.x, this.y] = [within(x, 0, 1), within(y, 0, 1)];
      this.outline();
      if (held?.picture === this) held.moved();
    }

    step(across, down) {
      if (!this.facts) return;
      const [width, height] = this.share();
      const sheet = this.facts.stills > 1;
      const [wide, high] = sheet ? [width, height] : [STEP / this.zoom, STEP / this.zoom];
      const x = within(this.x, width / 2, 1 - width / 2) + across * wide;
      const y = within(this.y, height / 2, 1 - height / 2) + down * high;
      this.point(within(x, width / 2, 1 - width / 2), within(y, height / 2, 1 - height / 2));
    }

    enlarge(step) {
      if (!this.facts || this.facts.stills > 1) return;
      const place = within(ZOOMS.indexOf(this.zoom) + step, 0, ZOOMS.length - 1);
      this.zoom = ZOOMS[place];
      this.point(this.x, this.y);
    }

    outline() {
      const region = this.facts && this.region();
      this.lens.hidden = !region || (this.zoom > 1 && this.dataset.state === "open");
      if (!region) return;
      const edges = { left: region.x, top: region.y, width: region.width, height: region.height };
      for (const [edge, share] of Object.entries(edges)) this.lens.style[edge] = `${share * 100}%`;
    }

    // What is seen of it.

    cover(why = "") {
      if (!this.veil) return;
      this.brush.globalCompositeOperation = "copy"; // nothing stays of what was there
      this.brush.drawImage(this.veil, 0, 0);
      this.brush.globalCompositeOperation = "source-over";
      this.state = "covered";
      this.outline();
      this.say(why);
    }

    draw(image, region) {
      const { width, height } = this.canvas;
      this.brush.fillStyle = "#808080";
      if (region && this.zoom === 1) {
        this.brush.drawImage(this.veil, 0, 0);
        const at = [region.x * width, region.y * height, region.width * width, region.height * height];
        this.brush.drawImage(image, ...at);
      } else {
        const [wide, high] = [image.videoWidth || image.width, image.videoHeight || image.height];
        const scale = Math.min(width / wide, height / high);
        const [across, down] = [wide * scale, high * scale];
        this.brush.fillRect(0, 0, width, height);
        this.brush.drawImage(image, (width - across) / 2, (height - down) / 2, across, down);
      }
      this.state = "open";
      this.outline();
    }

    // What is done with it.

    open(show = "open") {
      if (this.dataset.state === "none") this.load();
      if (this.dataset.state !== "covered" || held?.picture === this) return;
      held?.release();
      held = new Hold(this, show);
      held.run();
    }

    turn(step) {
      const place = within(this.place + step, 0, this.contents.length - 1);
      if (place === this.place) return;
      if (held?.picture === this) held.release();
      this.place = place;
      this.facts = null;
      this.veil?.close();
      this.veil = null;
      this.brush.clearRect(0, 0, this.canvas.width, this.canvas.height);
      this.lens.hidden = true;
      this.stack();
      this.load();
    }

    stack() {
      this.querySelector(".members").hidden = this.contents.length < 2;
      this.querySelector(".member").textContent = this.member;
    }

    listen() {
      this.stack();
      this.querySelector(".before").addEventListener("click", () => this.turn(-1));
      this.querySelector(".after").addEventListener("click", () => this.turn(1));
      this.querySelector(".start input").addEventListener("input", () => (this.start = this.start));
      this.addEventListener("contextmenu", (event) => event.preventDefault());
      this.addEventListener("dragstart", (event) => event.preventDefault());
      this.addEventListener("focusin", () => come(this));
      this.addEventListener("pointerenter", () => come(this));
      this.pressed(this.querySelector(".hold"), "open");
      this.pressed(this.querySelector(".clip"), "clip");
      // A mouse presses on the picture itself. Fingers scroll there: they choose the part, and press
      // the button.
      const at = (event) => {
        const box = this.canvas.getBoundingClientRect();
        this.point((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
      };
      this.canvas.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        if (held?.picture !== this || this.zoom === 1) at(event);
        if (event.pointerType !== "touch") this.open();
      });
      this.canvas.addEventListener("pointermove", (event) => {
        if (event.pointerType !== "touch" && (this.zoom === 1 || held?.picture !== this)) at(event);
      });
      this.canvas.addEventListener("pointerleave", () => held?.picture === this && held.release());
    }

    pressed(button, show) {
      button.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        // What a finger presses would stay pressed wherever it goes.
        if (button.hasPointerCapture(event.pointerId)) button.releasePointerCapture(event.pointerId);
        this.open(show);
      });
      button.addEventListener("pointerleave", () => held?.picture === this && held.release());
    }
  }

  function come(picture) {
    if (here === picture) return;
    here?.removeAttribute("data-here");
    here = picture;
    picture.setAttribute("data-here", "");
  }

  // Keys.

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const HOLDS = { " ": "open", Enter: "open", f: "clip" };
  let pressed = null;

  const other = "button, summary, input, select, textarea, dialog, a[href], [role=region]";
  const writing = 'textarea, select, dialog, input:not([type="radio"], [type="checkbox"])';

  function next(step) {
    held?.release();
    const place = pictures.indexOf(here) + step;
    const picture = pictures[within(place, 0, pictures.length - 1)];
    picture.querySelector(".hold").focus();
    picture.scrollIntoView({ block: "nearest" });
  }

  function holds(event) {
    const show = HOLDS[event.key];
    if (!show) return "";
    const button = event.target.closest(".hold, .clip");
    if (button) return button.matches(".clip") ? "clip" : show;
    if (event.target.closest(event.key === "f" ? writing : other)) return "";
    return event.key === "Enter" ? "" : show;
  }

  function key(event) {
    if (event.key in ARROWS) {
      const own = held || event.target.closest("covered-picture .hold, covered-picture .clip");
      if (own) (held?.picture ?? here).step(...ARROWS[event.key]);
      return Boolean(own);
    }
    if (event.target.closest(writing)) return false;
    const does = {
      ".": () => next(1),
      ",": () => next(-1),
      ">": () => here.turn(1),
      "<": () => here.turn(-1),
      "+": () => here.enlarge(1),
      "-": () => here.enlarge(-1),
    }[event.key];
    does?.();
    return Boolean(does);
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !here) return;
    const own = event.target.closest("covered-picture");
    if (own) come(own); // wherever the pointer rests
    if (event.key === "Escape") held?.release();
    const show = holds(event);
    if (show) {
      event.preventDefault();
      const clip = show === "clip" && here.querySelector(".clip").hidden;
      if (event.repeat || clip) return;
      pressed = event.key;
      here.open(show);
    } else if (key(event)) event.preventDefault();
  });

  const letGo = () => held?.release();
  addEventListener("keyup", (event) => event.key === pressed && letGo(), true);
  for (const end of ["pointerup", "pointercancel", "blur", "pagehide", "beforeprint"]) addEventListener(end, letGo);
  document.addEventListener("visibilitychange", letGo);
  // A page that browsers keep for going back keeps no pixels.
  addEventListener("pagehide", () => pictures.forEach((picture) => picture.brush?.reset?.()));

  // One after the other, as they come into sight.
  customElements.define("covered-picture", CoveredPicture);
  if (pictures.length) come(pictures[0]);
  let queue = Promise.resolve();
  const sight = new IntersectionObserver(
    (seen) => {
      for (const { isIntersecting, target } of seen) {
        if (!isIntersecting) continue;
        sight.unobserve(target);
        queue = queue.then(() => target.load());
      }
    },
    { rootMargin: "200px" },
  );
  pictures.forEach((picture) => sight.observe(picture));
})();
