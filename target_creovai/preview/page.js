"use strict";

// The data: {made_at, total, conversations: [{known, outcome, number, view, as_if_due, problems}]},
// where `known` is what `explain` says and `view` the payload to read, null where there is none.
// Every text comes into the page by textContent: whatever a customer wrote stays text.
const page = JSON.parse(byId("data").textContent);
const conversations = page.conversations.map((one) => ({ ...one, key: keyOf(one.known) }));
const byKey = new Map(conversations.map((one) => [one.key, one]));
const narrow = matchMedia("(max-width: 52rem)");
let pattern = null; // of the words that are searched for
let shown = null; // the conversation in the reader

function byId(id) {
  return document.getElementById(id);
}

function keyOf(known) {
  return encodeURIComponent(known.kind) + "/" + encodeURIComponent(known.id);
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

// The list, and what is found in it

function title(one) {
  return `${one.known.kind} ${one.number ?? one.known.id}`;
}

function badge(outcome) {
  return make("span", { class: "badge", "data-outcome": outcome }, outcome);
}

function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** The line that tells most: the subject, or what the customer said first. */
function gist({ view, known }) {
  if (!view) return known.now;
  const opener = view.messages.find((said) => view.people[said.who]?.role === "customer");
  return view.subject ?? (opener ?? view.messages[0])?.text ?? "";
}

function item(one) {
  const { view } = one;
  return make("li", {},
    make("a", { href: "#" + one.key, tabindex: "-1" },
      make("span", { class: "title" }, title(one)),
      make("time", {}, format("date", view?.start)),
      make("span", { class: "line", dir: "auto" }, gist(one).slice(0, 200)),
      badge(one.outcome),
      make("span", { class: "size" }, view ? count(view.messages.length, "message") : "")));
}

const items = conversations.map(item);
const linkOf = new Map(items.map((entry, index) => [conversations[index].key, entry.firstChild]));

function visible() {
  return items.filter((entry) => !entry.hidden).map((entry) => entry.firstChild);
}

function texts(one) {
  const { known, view } = one;
  return [
    title(one), known.id, known.session_id, known.creovai_id,
    ...known.rows.map((row) => row.id),
    ...(view ? [view.subject, view.case_reference, ...Object.values(view.metadata)] : []),
    ...(view?.people ?? []).flatMap((who) => [who.name, who.email, who.reference]),
    ...(view?.messages ?? []).map((said) => said.text),
  ];
}

function fits(one) {
  const among = (id, value) => {
    const wanted = [...byId(id).querySelectorAll(":checked")].map((box) => box.value);
    return !wanted.length || wanted.includes(value);
  };
  return among("outcomes", one.outcome) && among("kinds", one.known.kind) &&
    (!pattern || (one.texts ??= texts(one)).some((text) => text && pattern.test(text)));
}

function find() {
  const before = pattern?.source;
  const wanted = byId("search").value.trim().replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  pattern = wanted ? new RegExp(wanted, "iu") : null;
  conversations.forEach((one, index) => { items[index].hidden = !fits(one); });
  const left = conversations.filter((_, index) => !items[index].hidden);
  if (!byId("list").querySelector(":not([hidden]) > [tabindex='0']")) rove(visible()[0]);
  const all = count(conversations.length, "conversation");
  byId("count").textContent = left.length < conversations.length ? `${left.length} of ${all}` : all;
  // Beside the list stands what was chosen or else what was found first.
  const one = location.hash || narrow.matches ? shown : left[0];
  if (one !== shown || pattern?.source !== before) read(one);
}

/** Offer every value that there is as a box to tick; none ticked means all. */
function offer(id, values) {
  const numbers = new Map();
  for (const value of values) numbers.set(value, (numbers.get(value) ?? 0) + 1);
  for (const [value, number] of [...numbers].sort()) {
    byId(id).append(make("label", {},
      make("input", { type: "checkbox", value }),
      make("span", {}, `${value} `, make("small", {}, String(number)))));
  }
  byId(id).hidden = numbers.size < 2;
}

// The reader

/** Return text in which the words searched for are marked. */
function marked(text) {
  if (!pattern) return [text];
  const parts = text.split(new RegExp(`(${pattern.source})`, "iu"));
  return parts.map((part, index) => index % 2 ? make("mark", {}, part) : part);
}

const NOBODY = { name: "Unknown sender", role: "unknown", type: "" };

function bubbles(view) {
  const rows = [];
  let before = {};
  for (const said of view.messages) {
    const day = format("day", said.at);
    if (day !== before.day) rows.push(make("h3", {}, day));
    const who = view.people[said.who] ?? NOBODY;
    const goesOn = day === before.day && said.who === before.who && said.channel === before.channel;
    rows.push(make("article", { "data-role": who.role },
      goesOn ? null : make("header", {},
        make("b", { dir: "auto" }, ...marked(who.name)),
        make("span", { class: "role" }, who.type || who.role),
        said.channel ? make("span", { class: "channel" }, said.channel) : null),
      make("p", { dir: "auto" }, ...marked(said.text)),
      make("time", { datetime: said.at }, format("clock", said.at))));
    before = { day, ...said };
  }
  return make("section", { class: "dialogue", "aria-label": "Messages" }, ...rows);
}

function table(pairs) {
  return make("dl", {}, ...pairs.filter(([, value]) => value).flatMap(([name, value]) =>
    [make("dt", {}, name), make("dd", { dir: "auto" }, ...marked(value))]));
}

function fold(name, number, content) {
  return number ? make("details", {},
    make("summary", {}, `${name} `, make("small", {}, String(number))), content) : null;
}

function people(view) {
  return make("ul", {}, ...view.people.map((who) => make("li", { "data-role": who.role },
    make("b", { dir: "auto" }, ...marked(who.name)),
    make("span", { class: "role" }, who.type || who.role),
    make("span", { dir: "auto" },
      ...marked([...new Set([who.email, who.phone, who.reference])].filter(Boolean).join(" · "))))));
}

const AS_IF_DUE = "This would not be sent now: it shows how the conversation stands so far.";
const OUTDATED = "This is what would be made of it today, and not what Creovai has.";

function notes(one) {
  const list = one.problems.map((problem) => make("li", {}, problem));
  const toDo = one.known.read_again ?? one.known.to_do;
  return make("div", { class: "notes" },
    make("p", {}, one.known.now),
    toDo ? make("p", { class: "to-do" }, "To do: ", toDo) : null,
    list.length ? make("ul", { "aria-label": "Problems" }, ...list) : null,
    one.as_if_due ? make("p", { class: "as-if" }, one.known.outdated ? OUTDATED : AS_IF_DUE) : null);
}

function facts(one) {
  const { known, view } = one;
  const isSaid = known.reason === null || known.now.endsWith(known.reason);
  return table([
    ["Ledger", isSaid ? null : `${known.outcome}: ${known.reason}`],
    ["Salesforce Id", known.id],
    ["Session id", known.session_id === known.id ? null : known.session_id],
    ["Case", view?.case_reference],
    ["Start", moment(view?.start)],
    ["End", moment(view?.end)],
    ["Sent", moment(known.sent_at)],
    ["Creovai’s id", known.creovai_id],
    ["Changed since sent", known.changed_fields.join(", ")],
  ]);
}

function rowsOf(known) {
  return table(known.rows.map((row) => [row.stream, `${row.id}, ${moment(row.modified) ?? "no date"}`]));
}

function read(one) {
  shown = one;
  byId("list").querySelector("[aria-current]")?.removeAttribute("aria-current");
  if (!one) {
    byId("reader").replaceChildren(make("p", { class: "empty" }, "Nothing to show."));
    return;
  }
  linkOf.get(one.key).setAttribute("aria-current", "true");
  const { view, known } = one;
  byId("reader").replaceChildren(
    make("header", {},
      make("a", { class: "back", href: "#" }, "All conversations"),
      make("h2", { tabindex: "-1" }, make("span", {}, title(one)), badge(one.outcome)),
      view?.subject ? make("p", { class: "subject", dir: "auto" }, ...marked(view.subject)) : null,
      notes(one),
      facts(one),
      ...(view ? [
        fold("Participants", view.people.length, people(view)),
        fold("Metadata", Object.keys(view.metadata).length, table(Object.entries(view.metadata))),
      ] : []),
      fold("Salesforce rows", known.rows.length, rowsOf(known))),
    view ? bubbles(view) : make("p", { class: "empty" }, "Its words cannot be shown."));
  byId("reader").scrollTop = 0;
  byId("reader").querySelector(".dialogue mark")?.scrollIntoView({ block: "center" });
}

// Ways through the page

function follow() {
  const one = byKey.get(location.hash.slice(1));
  document.body.classList.toggle("reading", Boolean(one));
  if (!one) {
    if (shown && document.activeElement !== byId("search")) linkOf.get(shown.key).focus();
    return;
  }
  if (narrow.matches) scrollTo(0, 0);
  read(one);
  rove(linkOf.get(one.key));
  linkOf.get(one.key).scrollIntoView({ block: "nearest" });
  byId("reader").querySelector("h2").focus({ preventScroll: true });
}

/** Make one link of the list the one that Tab comes to: the arrow keys move between them. */
function rove(link) {
  byId("list").querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
  link?.setAttribute("tabindex", "0");
}

function step(event) {
  const links = visible();
  const from = links.indexOf(document.activeElement);
  const to = { ArrowDown: from + 1, ArrowUp: from - 1, Home: 0, End: links.length - 1 }[event.key];
  if (to === undefined || (from < 0 && event.key !== "ArrowDown")) return;
  event.preventDefault();
  (links[to] ?? (to < 0 ? byId("search") : null))?.focus();
}

byId("search").addEventListener("keydown", (event) => {
  if (event.key === "Enter") visible()[0]?.click();
});
byId("finder").addEventListener("keydown", (event) => {
  if (event.target === byId("search") || event.target.closest("#list")) step(event);
});
byId("list").addEventListener("focusin", (event) => rove(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && event.target !== byId("search")) {
    event.preventDefault();
    if (narrow.matches) location.hash = "";
    document.body.classList.remove("reading"); // now: what is hidden takes no focus
    byId("search").focus();
    byId("search").select();
  } else if (event.key === "Escape" && event.target !== byId("search")) {
    location.hash = "";
  }
});
byId("search").addEventListener("input", find);
byId("finder").addEventListener("change", find);
narrow.addEventListener("change", find);
addEventListener("hashchange", follow);

offer("outcomes", conversations.map((one) => one.outcome));
offer("kinds", conversations.map((one) => one.known.kind));
byId("list").append(...items);
byId("scope").textContent = page.total > conversations.length
  ? `The newest ${conversations.length} of ${page.total}: --limit shows more. ${moment(page.made_at)}`
  : `As of ${moment(page.made_at)}`;
find();
if (location.hash) follow();
