// The list: of thousands, only the rows that are to be seen are elements

const ROW_REM = 7.5; // how high each is
const SPARE = 8; // rows drawn above and below
const list = byId("list");
const rows = byId("rows");
const drawn = new Map(); // place in the list to its row
let left = []; // what the filters leave, in order
let active = 0; // the place of the one row that Tab comes to: the arrow keys move between them
let shown = null; // the conversation in the reader

function rowHeight() {
  return ROW_REM * parseFloat(getComputedStyle(document.documentElement).fontSize);
}

function row(one, place) {
  const facts = [one.channel, one.messages ? count(one.messages, "message") : null,
    one.messages && one.seconds !== null ? length(one.seconds) : null];
  const entry = make("li", { "aria-setsize": left.length, "aria-posinset": place + 1 },
    make("a", { href: "#" + one.key, tabindex: "-1" },
      make("span", { class: "title" }, title(one)),
      make("time", {}, format("date", one.date)),
      make("span", { class: "people" },
        hint("Customer: "), make("b", { dir: "auto" }, several(one.customers) || "Unknown customer"),
        ...(one.agents.length ? [hint(". Agent: "),
          make("span", { class: "agent" }, make("bdi", {}, several(one.agents)))] : [])),
      make("span", { class: "line", dir: "auto" }, one.gist || (one.reason ? inWords(one.reason) : "")),
      badge(one.outcome),
      make("span", { class: "size" }, facts.filter(Boolean).join(" · "))));
  entry.style.cssText = `top: ${place * ROW_REM}rem; height: ${ROW_REM}rem`;
  mark(entry, one, place);
  return entry;
}

function mark(entry, one, place) {
  entry.place = place;
  entry.firstChild.setAttribute("tabindex", place === active ? "0" : "-1");
  if (one === shown) entry.firstChild.setAttribute("aria-current", "true");
  else entry.firstChild.removeAttribute("aria-current");
}

/** Make the rows that can be seen, and drop the others. */
function draw() {
  const height = rowHeight();
  const first = Math.max(0, Math.floor(list.scrollTop / height) - SPARE);
  const end = Math.min(left.length, Math.ceil((list.scrollTop + list.clientHeight) / height) + SPARE);
  const wanted = new Set();
  for (let place = first; place < end; place++) wanted.add(place);
  // What has the focus keeps it, however far it is scrolled away.
  if (active < left.length) wanted.add(active);
  for (const [place, entry] of drawn) {
    if (wanted.has(place)) continue;
    entry.remove();
    drawn.delete(place);
  }
  for (const place of wanted) {
    if (drawn.has(place)) continue;
    const entry = row(left[place], place);
    rows.insertBefore(entry, [...rows.children].find((other) => other.place > place) ?? null);
    drawn.set(place, entry);
  }
}

/** Show another choice of conversations. */
function fill(chosen) {
  const before = left[active];
  left = chosen;
  active = Math.max(0, left.indexOf(before));
  rows.replaceChildren();
  drawn.clear();
  rows.style.height = `${left.length * ROW_REM}rem`;
  draw();
}

/** Make a row the one that Tab comes to. */
function rove(place) {
  active = place;
  draw();
  for (const [other, entry] of drawn) mark(entry, left[other], other);
}

function bringIntoView(place) {
  const height = rowHeight();
  const [top, bottom] = [place * height, (place + 1) * height];
  if (top < list.scrollTop) list.scrollTop = top;
  else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
}

function focusRow(place) {
  bringIntoView(place);
  rove(place);
  drawn.get(place).firstChild.focus({ preventScroll: true });
}

function step(event) {
  const from = document.activeElement.closest?.("#rows li")?.place ?? -1;
  const page = Math.max(1, Math.floor(list.clientHeight / rowHeight()) - 1);
  const to = {
    ArrowDown: from + 1, ArrowUp: from - 1, PageDown: from + page, PageUp: from - page,
    Home: 0, End: left.length - 1,
  }[event.key];
  if (to === undefined || (from < 0 && event.key !== "ArrowDown")) return;
  event.preventDefault();
  if (event.key === "ArrowUp" && to < 0) byId("search").focus();
  else if (left.length) focusRow(Math.min(left.length - 1, Math.max(0, to)));
}
