// Keys: arrows go from photo to photo, Escape and Enter leave the enlarged one.
const open = () => document.querySelector("li:target");
const go = (place) => location.replace(place);
function beside(step) {
  const all = [...document.querySelectorAll("li")];
  const here = open() || document.activeElement?.closest?.("li");
  return here ? all[all.indexOf(here) + step] : all[0];
}
function below(step) {
  const here = document.activeElement?.closest?.("li");
  if (!here) return beside(step);
  const { top, left, width } = here.getBoundingClientRect();
  const all = [...document.querySelectorAll("li")].slice(0);
  const rows = all.map((item) => [item, item.getBoundingClientRect()]);
  const tops = rows.map(([, box]) => box.top).filter((y) => (y - top) * step > 1);
  if (!tops.length) return here;
  const row = step > 0 ? Math.min(...tops) : Math.max(...tops);
  const near = ([, box]) => Math.abs(box.left + box.width / 2 - left - width / 2);
  return rows.filter(([, box]) => Math.abs(box.top - row) < 1).sort((a, b) => near(a) - near(b))[0][0];
}
addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.matches?.("input")) return;
  const { key } = event, shown = open();
  const sideways = { ArrowLeft: -1, ArrowRight: 1 }[key];
  const updown = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (shown && (key === "Escape" || (key === "Enter" && !event.target.closest?.("nav, dl")))) {
    go(shown.querySelector("nav .close").hash);
    shown.querySelector(".open").focus();
  } else if (sideways || (updown && !shown)) {
    const next = sideways ? beside(sideways) : below(updown);
    if (next && shown) go(`#${next.id}`);
    next?.querySelector(".open").focus();
  } else return;
  event.preventDefault();
});
