// Keeps the page "Now" current: the server sends what has changed as HTML, already escaped.

import { setServerTime, writeAges } from "./ago.js";
import { refreshFleetMap } from "./fleet.js";

const page = document.getElementById("now");
const rows = document.getElementById("rows");
const summary = document.getElementById("summary");
const warning = document.getElementById("warning");
const stale = document.getElementById("stale");
const more = document.getElementById("more");
const live = document.getElementById("live");
const filters = document.getElementById("filters");

let asOf = new Date(page.dataset.at);

function show(state) {
  page.dataset.state = state;
  warnOfAge(state);
  const text = live.dataset[state];
  if (live.textContent !== text) live.textContent = text;
}

// Old figures look like new ones: their time is said in words, in place of the light alone.
function warnOfAge(state) {
  const text = (stale.dataset[state] ?? "").replace("{t}", asOf.toLocaleTimeString(document.documentElement.lang));
  stale.hidden = !text;
  if (stale.textContent !== text) stale.textContent = text;
}

function element(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

function hear(at) {
  asOf = new Date(at);
  setServerTime(at);
}

function apply(change) {
  hear(change.at);
  if (change.warning !== undefined) {
    warning.innerHTML = change.warning;
    writeAges(warning);
  }
  if (change.summary !== undefined) replaceKeepingFocus(summary, change.summary);
  const present = new Map([...rows.children].map((row) => [row.dataset.key, row]));
  for (const [key, html] of Object.entries(change.rows)) {
    const row = element(html);
    present.get(key)?.replaceWith(row);
    present.set(key, row);
  }
  if (change.order) order(change.order, present);
  replaceKeepingFocus(more, change.more);
  writeAges(rows);
  refreshFleetMap();
}

function order(keys, present) {
  const wanted = new Set(keys);
  for (const [key, row] of present) if (!wanted.has(key)) row.remove();
  let place = rows.firstElementChild;
  for (const key of keys) {
    const row = present.get(key);
    if (row === place) place = place.nextElementSibling;
    else rows.insertBefore(row, place);
  }
}

// Who moves by keyboard must not be thrown out of the summary each time a number changes.
function replaceKeepingFocus(container, html) {
  const links = [...container.querySelectorAll("a")];
  const focused = links.indexOf(document.activeElement);
  container.innerHTML = html;
  if (focused >= 0) container.querySelectorAll("a")[focused]?.focus({ preventScroll: true });
}

function listen() {
  const address = new URL(page.dataset.events, location.href);
  address.searchParams.set("version", page.dataset.version);
  const events = new EventSource(address);
  events.addEventListener("now", (event) => {
    apply(JSON.parse(event.data));
    page.dataset.version = event.lastEventId;
    show("live");
  });
  events.addEventListener("pulse", (event) => {
    hear(JSON.parse(event.data).at);
    show("live");
  });
  events.addEventListener("trouble", () => show("trouble"));
  events.addEventListener("error", () => {
    show("offline");
    // A browser gives up for good where the answer was an error: at the end of a session, say.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  });
}

const week = document.getElementById("week");

async function fillWeek() {
  const answer = await fetch(week.dataset.source).catch(() => null);
  if (!answer?.ok) return;
  week.innerHTML = await answer.text();
  week.hidden = !week.childElementCount;
}

if (week) {
  fillWeek();
  setInterval(fillWeek, 60_000);
}

document.documentElement.classList.add("scripted");
filters.addEventListener("change", () => {
  for (const field of filters.elements) if (field.name && !field.value) field.disabled = true;
  filters.requestSubmit();
});
// Back in the history, a field must be usable again.
addEventListener("pageshow", () => {
  for (const field of filters.elements) field.disabled = false;
});
listen();
