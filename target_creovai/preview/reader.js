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
  for (const said of inOrder(view)) {
    const day = format("day", said.at);
    if (day !== before.day) rows.push(make("h3", {}, day));
    const goesOn = day === before.day && said.who === before.who && said.channel === before.channel;
    rows.push(said.why ? unsent(said) : bubble(said, view.people[said.who] ?? NOBODY, goesOn));
    before = { day, ...said };
  }
  return make("section", { class: "dialogue", "aria-label": "Messages" }, ...rows);
}

/** Put what is not sent between what is, by time. */
function inOrder(view) {
  const at = (said) => said.at.replace("Z", "");
  return [...view.messages, ...view.unsent.map((said) => ({ ...said, who: -1 }))]
    .sort((one, other) => (at(one) > at(other)) - (at(one) < at(other)));
}

function bubble(said, who, goesOn) {
  return make("article", { "data-role": who.role },
    goesOn ? null : make("header", {},
      make("b", { dir: "auto" }, ...marked(who.name)),
      make("span", { class: "role" }, who.type || who.role),
      said.channel ? make("span", { class: "channel" }, said.channel) : null),
    ...pieces(said),
    said.redacted.length ? redactions(said.redacted) : null,
    make("time", { datetime: said.at }, format("clock", said.at)));
}

/** Return a message's text with what was taken out of it folded in its place. */
function pieces(said) {
  const found = [];
  let done = 0;
  for (const cut of said.cuts) {
    const name = `${CUTS[cut.kind]}, ${count(cut.lines, "line")}`;
    found.push(said.text.slice(done, cut.at), removed([name], cut.text, cut.more));
    done = cut.at;
  }
  // A line that ends where something was taken out ends there.
  return [...found, said.text.slice(done)].map((piece) => typeof piece !== "string" ? piece :
    piece.trim() || !said.cuts.length ? make("p", { dir: "auto" }, ...marked(piece.replace(/\n+$/, ""))) : null);
}

const CUTS = { quotes: "Not sent: quoted mail or notice", signature: "Not sent: signature" };
const WHYS = {
  internal: "Not sent: internal, not for the customer",
  role: "Not sent: participant_types leaves it out",
  repeated: "Not sent: a copy of another message",
  redacted: "Not sent: nothing is left of it after redaction",
};

function removed(name, text, more) {
  return make("details", { class: "removed" },
    make("summary", {}, ...name),
    make("div", { class: "gone", dir: "auto" }, text),
    more ? make("div", { class: "more" }, `and ${count(more, "character")} more`) : null);
}

function unsent(said) {
  const where = [said.channel, format("clock", said.at)].filter(Boolean).join(" · ");
  const name = said.name ? make("bdi", {}, said.name) : "unknown sender";
  return removed([`${WHYS[said.why]} · `, name, ` · ${where}`], said.text, said.more);
}

function redactions(list) {
  const items = list.map((one) => make("li", {},
    make("code", { dir: "auto" }, one.shown || "(nothing)"), ` (${one.rule}) stands for `,
    make("span", { dir: "auto" }, one.original)));
  return make("details", { class: "removed" },
    make("summary", {}, `Not sent: ${count(list.length, "redaction")}`),
    make("ul", { class: "gone" }, ...items));
}

/** Open or fold all that is not sent, with one button. */
function unfold(section) {
  const folds = [...section.querySelectorAll(".removed")];
  if (!folds.length) return null;
  const button = make("button", { type: "button", class: "unfold", "aria-pressed": "false" },
    `Show what is not sent (${folds.length})`);
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-pressed") === "false";
    button.setAttribute("aria-pressed", String(open));
    for (const one of folds) one.open = open;
  });
  return button;
}

function table(pairs) {
  return make("dl", {}, ...pairs.filter(([, value]) => value).flatMap(([name, value]) =>
    [make("dt", {}, name), make("dd", { dir: "auto" },
      ...(typeof value === "string" ? marked(value) : [value]))]));
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

// What belongs together

const ofCase = grouped(conversations, (one) => [one.case].filter(Boolean));
const ofCustomer = grouped(conversations, (one) => one.same);
const ofAccount = grouped(conversations, (one) => one.account);

function others(one, groups, numbers) {
  const all = new Set(numbers.flatMap((number) => groups.get(number) ?? []));
  all.delete(one);
  return [...all];
}

function linkTo(one) {
  return make("a", { href: "#" + one.key }, title(one));
}

const LINKS = 50; // an account may have thousands

function links(all) {
  return make("ul", { class: "links" }, ...all.slice(0, LINKS).map((one) => make("li", {},
    linkTo(one), make("time", {}, format("date", one.date)), badge(one.outcome),
    make("span", { class: "line", dir: "auto" }, one.gist))),
  all.length > LINKS ? make("li", {}, `and ${all.length - LINKS} older ones`) : null);
}

function caseOf(one, reference) {
  const known = byKey.get(`case/${encodeURIComponent(one.case ?? "")}`);
  return known ? linkTo(known) : reference ? `${reference} (not on this page)` : null;
}

function related(one) {
  const chats = one.kind === "case" ? others(one, ofCase, [one.id]) :
    others(one, ofCase, [one.case].filter(Boolean));
  const same = others(one, ofCustomer, one.same);
  const account = others(one, ofAccount, one.account).filter((other) => !same.includes(other));
  return [
    fold(one.kind === "case" ? "Chats of this case" : "Other chats of the case", chats.length, links(chats)),
    fold("Other conversations of this customer", same.length, links(same)),
    fold("Other conversations of the customer’s account", account.length, links(account)),
  ];
}

const AS_IF_DUE = "This would not be sent now: it shows how the conversation stands so far.";
const OUTDATED = "This is what would be made of it today, and not what Creovai has.";

function notes({ known, problems, as_if_due: asIfDue }) {
  const list = problems.map((problem) => make("li", {}, problem));
  const toDo = known.read_again ?? known.to_do;
  return make("div", { class: "notes" },
    make("p", {}, known.now),
    toDo ? make("p", { class: "to-do" }, "To do: ", toDo) : null,
    list.length ? make("ul", { "aria-label": "Problems" }, ...list) : null,
    asIfDue ? make("p", { class: "as-if" }, known.outdated ? OUTDATED : AS_IF_DUE) : null);
}

function facts(one, { known, view }) {
  const isSaid = known.reason === null || known.now.endsWith(known.reason);
  return table([
    ["Ledger", isSaid ? null : `${known.outcome}: ${known.reason}`],
    ["Salesforce Id", known.id],
    ["Session id", known.session_id === known.id ? null : known.session_id],
    ["Case", caseOf(one, view?.case_reference)],
    ["Customer", one.customers.join(", ")],
    ["Agent", one.agents.join(", ")],
    ["Channel", one.channel],
    ["Start", moment(view?.start)],
    ["End", moment(view?.end)],
    ["Length", one.messages ? `${count(one.messages, "message")}, ${length(one.seconds ?? 0)}` : null],
    ["Sent", moment(known.sent_at)],
    ["Creovai’s id", known.creovai_id],
    ["Changed since sent", known.changed_fields.join(", ")],
  ]);
}

function rowsOf(known) {
  return table(known.rows.map((row) => [row.stream, `${row.id}, ${moment(row.modified) ?? "no date"}`]));
}

/** Put a conversation into the reader, or say why there is none. */
function read(one) {
  shown = one;
  rove(active);
  byId("reader").scrollTop = 0;
  byId("reader").replaceChildren(...(one ? written(one) : [nothing()]));
  byId("reader").querySelector(".dialogue mark")?.scrollIntoView({ block: "center" });
}

function nothing() {
  if (!conversations.length) return make("p", { class: "empty" }, "Nothing to show.");
  if (left.length) return make("p", { class: "empty" }, "Choose a conversation.");
  const again = make("button", { type: "button" }, "Clear filters");
  again.addEventListener("click", clearFilters);
  return make("div", { class: "empty" }, make("p", {}, "Nothing matches the filters."), again);
}

function written(one) {
  const body = bodyOf(one);
  const { view, known } = body;
  const dialogue = view ? bubbles(view) : make("p", { class: "empty" }, "Its words cannot be shown.");
  return [
    make("header", {},
      make("a", { class: "back", href: "#" }, "All conversations"),
      make("h2", { tabindex: "-1" }, make("span", {}, title(one)), badge(one.outcome)),
      view?.subject ? make("p", { class: "subject", dir: "auto" }, ...marked(view.subject)) : null,
      notes(body),
      facts(one, body),
      ...related(one),
      ...(view ? [
        fold("Participants", view.people.length, people(view)),
        fold("Metadata", Object.keys(view.metadata).length, table(Object.entries(view.metadata))),
      ] : []),
      fold("Salesforce rows", known.rows.length, rowsOf(known)),
      unfold(dialogue)),
    dialogue,
  ];
}
