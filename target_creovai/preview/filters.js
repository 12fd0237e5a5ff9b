// What is chosen, and what that leaves

const SELECTS = {
  agent: (one) => one.agents,
  channel: (one) => [one.channel].filter(Boolean),
  reason: (one) => [one.reason].filter(Boolean),
};
const BOXES = { outcomes: (one) => one.outcome, kinds: (one) => one.kind };
const ORDERS = {
  newest: () => 0, // as they come
  oldest: (one, other) => (one.date ?? "").localeCompare(other.date ?? "") || other.line - one.line,
  longest: (one, other) => other.messages - one.messages || one.line - other.line,
};
let pattern = null; // of the words that are searched for

/** Offer every value that there is as a box to tick; none ticked means all. */
function offerBoxes(id, valueOf) {
  const groups = grouped(conversations, (one) => [valueOf(one)]);
  for (const [value, all] of [...groups].sort()) {
    byId(id).append(make("label", {},
      make("input", { type: "checkbox", value }),
      make("span", {}, `${value} `, make("small", {}, String(all.length)))));
  }
  byId(id).hidden = groups.size < 2;
}

/** Offer every value that there is to choose one; the first is all of them. */
function offerChoice(id, valuesOf) {
  const groups = grouped(conversations, valuesOf);
  const named = [...groups].map(([value, all]) => [id === "reason" ? inWords(value) : value, value, all]);
  named.sort(([one], [other]) => one.localeCompare(other));
  byId(id).append(make("option", { value: "" }, "All"), ...named.map(([name, value, all]) =>
    make("option", { value }, `${name} (${all.length})`)));
  byId(id).parentElement.hidden = !groups.size;
}

/** Return all that a search looks at, once for each conversation. */
function textOf(one) {
  if (one.text === undefined) {
    const { known, view } = bodyOf(one);
    one.text = [
      title(one), known.id, known.session_id, known.creovai_id, ...one.customers,
      ...known.rows.map((row) => row.id),
      ...(view ? [view.subject, view.case_reference, ...Object.values(view.metadata)] : []),
      ...(view?.people ?? []).flatMap((who) => [who.name, who.email, who.reference]),
      ...(view?.messages ?? []).map((said) => said.text),
    ].filter(Boolean).join("\n");
  }
  return one.text;
}

/** Return the tests that what is chosen puts a conversation to, the quickest first. */
function tests() {
  const found = [];
  for (const [id, valueOf] of Object.entries(BOXES)) {
    const ticked = [...byId(id).querySelectorAll(":checked")].map((box) => box.value);
    if (ticked.length) found.push((one) => ticked.includes(valueOf(one)));
  }
  for (const [id, valuesOf] of Object.entries(SELECTS)) {
    const { value } = byId(id);
    if (value) found.push((one) => valuesOf(one).includes(value));
  }
  const [from, to] = [byId("from").value, byId("to").value];
  // Both ends count, as days in UTC.
  if (from) found.push((one) => one.date !== null && one.date.slice(0, 10) >= from);
  if (to) found.push((one) => one.date !== null && one.date.slice(0, 10) <= to);
  if (pattern) found.push((one) => pattern.test(textOf(one)));
  return found;
}

/** Return what is left, in the order that is chosen. */
function chosen() {
  const wanted = byId("search").value.trim().replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  pattern = wanted ? new RegExp(wanted, "iu") : null;
  const all = tests();
  const left = conversations.filter((one) => all.every((test) => test(one)));
  byId("clear").hidden = !all.length;
  byId("filters").classList.toggle("active", all.length > (pattern ? 1 : 0));
  return left.sort(ORDERS[byId("order").value]);
}

function clearFilters() {
  for (const input of byId("bar").querySelectorAll("input, select:not(#order)")) {
    if (input.type === "checkbox") input.checked = false;
    else input.value = "";
  }
  find();
  byId("search").focus();
}
