// Keeps the page as the pipeline is: the server sends parts of the page as they change, and they are morphed in place,
// so that focus, selection and open details stay. Forms are sent without leaving the page. Without this file all works
// by loading the page anew.
"use strict";
const byId = (id) => document.getElementById(id);
const live = document.body.dataset.live;
const keep = { morphStyle: "innerHTML", callbacks: { beforeAttributeUpdated: (name, node) => !(name === "open" && node.tagName === "DETAILS") } };

function say(text, isBad) {
  const said = byId("said");
  if (!said) return;
  said.textContent = text;
  said.className = "said " + (isBad ? "bad" : "good");
}

function banner(text) {
  byId("banner").hidden = !text;
  byId("banner").textContent = text;
}

if (live) {
  const events = new EventSource(live);
  events.addEventListener("boot", (event) => {
    if (event.data !== document.body.dataset.boot) location.reload();
    banner("");
  });
  for (const name of ["strip", "live"]) {
    events.addEventListener(name, (event) => {
      banner("");
      const isTyping = document.activeElement.matches("input, select, textarea"); // else a button would keep its old words
      Idiomorph.morph(byId(name), event.data, { ignoreActiveValue: isTyping, ...keep });
    });
  }
  events.addEventListener("trouble", (event) => banner(event.data));
  events.onerror = () => banner("The harness does not answer: it has ended, or is starting. This page looks again by itself.");
} else {
  setTimeout(() => location.reload(), 2000);
}

document.addEventListener("submit", async (event) => {
  const form = event.target, by = event.submitter;
  if (form.method !== "post") return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, by)); // before the button is disabled, which would leave it out
  if (by) by.disabled = true;
  say("…", false);
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Console": "1" } });
    say(await answer.text(), !answer.ok);
  } catch {
    say("The harness does not answer.", true);
  } finally {
    if (by) by.disabled = false;
  }
});

for (const select of document.querySelectorAll("[data-submit]")) select.addEventListener("change", () => select.form.requestSubmit());
