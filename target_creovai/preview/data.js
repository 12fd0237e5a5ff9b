"use strict";

// The index: {made_at, totals, reasons, removed, conversations: [{kind, id, outcome, reason, facts,
// same, account}]}, see `Listed`. The bodies: a line for each of them, {known, view, as_if_due, problems},
// where `known` is what `explain` says and `view` the payload to read, null where there is none.
// Every text comes into the page by textContent: whatever a customer wrote stays text.
const page = JSON.parse(byId("index").textContent);
const bodies = byId("bodies").textContent.split("\n");
const conversations = page.conversations.map(({ facts, ...one }, line) => ({
  ...one, ...facts, line, key: `${encodeURIComponent(one.kind)}/${encodeURIComponent(one.id)}`,
}));
const byKey = new Map(conversations.map((one) => [one.key, one]));
const narrow = matchMedia("(max-width: 52rem)");

function byId(id) {
  return document.getElementById(id);
}

/** Return what is read once a conversation is: most never are. */
function bodyOf(one) {
  return JSON.parse(bodies[one.line]);
}

/** Make an element of attributes and of children, which are elements or text; null is left out. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Put each into the lists of the values that it has. */
function grouped(all, values) {
  const groups = new Map();
  for (const one of all) {
    for (const value of values(one)) {
      if (!groups.has(value)) groups.set(value, []);
      groups.get(value).push(one);
    }
  }
  return groups;
}

// Times: the page shows UTC, as the payload does

const formats = {
  day: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  date: { day: "2-digit", month: "short", year: "numeric" },
  clock: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
};
for (const [name, parts] of Object.entries(formats)) {
  formats[name] = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...parts });
}

function format(name, text) {
  const date = new Date(text ?? NaN);
  return isNaN(date) ? (text ?? "") : formats[name].format(date);
}

function moment(text) {
  return text ? `${format("date", text)}, ${format("clock", text)} UTC` : null;
}

/** Return a length of time in its two largest units. */
function length(seconds) {
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first < 0) return "0 s";
  const [[name, size], next] = units.slice(first);
  const rest = next ? Math.floor((seconds % size) / next[1]) : 0;
  return `${Math.floor(seconds / size)} ${name}` + (rest ? ` ${rest} ${next[0]}` : "");
}

// Words

function title(one) {
  return `${one.kind} ${one.number ?? one.id}`;
}

function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Name the first of several, and say how many there are beside. */
function several(names) {
  return names.length > 1 ? `${names[0]} +${names.length - 1}` : (names[0] ?? "");
}

const REASON_CHARS = 80; // of one in a list: some say what to do, too

function inWords(code) {
  const words = page.reasons[code] ?? code;
  return words.length > REASON_CHARS ? `${words.slice(0, REASON_CHARS)}…` : words;
}

function badge(outcome) {
  return make("span", { class: "badge", "data-outcome": outcome }, outcome);
}

function hint(words) {
  return make("span", { class: "hint" }, words);
}
