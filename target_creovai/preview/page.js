// Ways through the page

/** Show what is left of the list, and beside it what was chosen or else what comes first. */
function find() {
  const before = pattern?.source;
  fill(chosen());
  const all = count(conversations.length, "conversation");
  byId("count").textContent = left.length === conversations.length ? all :
    left.length ? `${left.length} of ${all}` : `0 of ${all}: nothing matches the filters`;
  const one = (location.hash && byKey.has(location.hash.slice(1))) || narrow.matches ? shown : left[0] ?? null;
  if (one !== shown || pattern?.source !== before || !one) read(one);
}

function follow() {
  const one = byKey.get(location.hash.slice(1));
  document.body.classList.toggle("reading", Boolean(one));
  const place = left.indexOf(one ?? shown);
  if (!one) {
    if (place >= 0 && document.activeElement !== byId("search")) focusRow(place);
    return;
  }
  if (place >= 0) {
    if (!narrow.matches) bringIntoView(place);
    active = place;
  }
  read(one);
  byId("reader").querySelector("h2").focus({ preventScroll: true });
}

byId("search").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && left.length) location.hash = left[0].key;
});
document.addEventListener("keydown", (event) => {
  if (event.target === byId("search") || event.target.closest?.("#rows")) step(event);
});
rows.addEventListener("focusin", (event) => rove(event.target.closest("li").place));
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("#bar");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    if (narrow.matches) location.hash = "";
    document.body.classList.remove("reading"); // now: what is hidden takes no focus
    byId("search").focus();
    byId("search").select();
  } else if (event.key === "Escape" && !typing) {
    location.hash = "";
  }
});
byId("search").addEventListener("input", find);
byId("bar").addEventListener("change", (event) => {
  if (event.target !== byId("search")) find();
});
byId("clear").addEventListener("click", clearFilters);
list.addEventListener("scroll", draw);
new ResizeObserver(draw).observe(list);
narrow.addEventListener("change", () => {
  byId("filters").open = !narrow.matches;
  find();
});
addEventListener("hashchange", follow);

for (const [id, valueOf] of Object.entries(BOXES)) offerBoxes(id, valueOf);
for (const [id, valuesOf] of Object.entries(SELECTS)) offerChoice(id, valuesOf);
byId("filters").open = !narrow.matches;
byId("private").textContent = "This page holds customers’ words" +
  (page.removed ? ", also those that are not sent" : "") + ": keep it to yourself.";
const total = Object.values(page.totals).reduce((sum, number) => sum + number, 0);
byId("scope").textContent = `As of ${moment(page.made_at)}. ` + (total > conversations.length
  ? `The newest of each kind, ${conversations.length} of ${total} in all: --limit shows more.` : "");
find();
if (location.hash) follow();
