// Security keys: hands the server's question to the browser, and the browser's answer to the server.
"use strict";

function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function described(list) {
  return (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
}

function question(options) {
  const asked = { ...options, challenge: bytes(options.challenge) };
  if (options.user) asked.user = { ...options.user, id: bytes(options.user.id) };
  if (options.allowCredentials) asked.allowCredentials = described(options.allowCredentials);
  if (options.excludeCredentials) asked.excludeCredentials = described(options.excludeCredentials);
  return { publicKey: asked };
}

function answer(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response };
}

for (const form of document.querySelectorAll("form[data-security-key]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    const problem = form.querySelector("[data-key-problem]");
    button.disabled = true;
    problem.hidden = true;
    try {
      const asked = question(JSON.parse(form.dataset.options));
      const found = await navigator.credentials[form.dataset.securityKey](asked);
      form.elements.answer.value = JSON.stringify(answer(found));
      form.submit();
    } catch {
      problem.hidden = false;
      button.disabled = false;
    }
  });
}
