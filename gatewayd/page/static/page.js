// Keeps the page as it is now: parts that the server sends replace what is there, lines are drawn between boxes, and the
// search and the form work without a reload. Nothing here is needed to read the page.
"use strict";

const part = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

// --- lines between boxes --------------------------------------------------------------------------------------------

function drawLines() {
  const lines = part("lines");
  const grid = document.querySelector(".grid");
  lines.replaceChildren();
  if (!grid) return;
  const columns = part("columns");
  lines.setAttribute("width", columns.scrollWidth);
  lines.setAttribute("height", columns.scrollHeight);
  const origin = columns.getBoundingClientRect();
  for (const [from, to] of JSON.parse(grid.dataset.lines)) {
    const start = part(from), end = part(to);
    if (start && end) lines.append(line(start, end, origin, from, to));
  }
}

function line(start, end, origin, from, to) {
  const one = start.getBoundingClientRect(), two = end.getBoundingClientRect();
  const x1 = one.right - origin.left, x2 = two.left - origin.left;
  const y1 = one.top + one.height / 2 - origin.top, y2 = two.top + two.height / 2 - origin.top;
  const middle = (x1 + x2) / 2;
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", `M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`);
  path.dataset.from = from;
  path.dataset.to = to;
  return path;
}

// All lines that lead to a box or away from it, over several columns.
function light(key) {
  const paths = [...part("lines").children];
  paths.forEach((path) => path.classList.remove("lit"));
  const follow = (at, here, there) => {
    for (const path of paths) {
      if (path.dataset[here] === at && !path.classList.contains("lit")) {
        path.classList.add("lit");
        follow(path.dataset[there], here, there);
      }
    }
  };
  if (key) {
    follow(key, "from", "to");
    follow(key, "to", "from");
  }
}

for (const [event, leaves] of [["focusin", false], ["mouseover", false], ["focusout", true], ["mouseout", true]]) {
  part("columns").addEventListener(event, (at) => light(leaves ? "" : at.target.closest(".node")?.id));
}

// --- parts that change ----------------------------------------------------------------------------------------------

function put(id, html) {
  const element = part(id);
  if (element.innerHTML === html) return;
  const focused = element.contains(document.activeElement) ? document.activeElement.id : "";
  element.innerHTML = html;
  if (focused) part(focused)?.focus({ preventScroll: true });
  if (id === "columns") drawLines();
}

let events = null;

function listen() {
  if (events) events.close();
  const asked = new URLSearchParams(location.search);
  events = new EventSource(`/events?q=${encodeURIComponent(asked.get("q") || "")}&gateway=${encodeURIComponent(asked.get("gateway") || "")}`);
  events.onopen = () => { part("live").textContent = "Live."; };
  events.onerror = () => { part("live").textContent = "The run does not answer; trying again."; };
  events.addEventListener("part", (event) => {
    const { id, html } = JSON.parse(event.data);
    put(id, html);
  });
}

// --- search, form, theme, keys --------------------------------------------------------------------------------------

function look(changes) {
  const asked = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) asked.set(name, value);
  history.replaceState(null, "", `/?${asked}`);
  listen();
}

part("q").addEventListener("input", () => look({ q: part("q").value }));
part("search").addEventListener("submit", (event) => event.preventDefault());

part("gateways").addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const gateway = new URL(link.href).searchParams.get("gateway");
  document.querySelector("#search [name=gateway]").value = gateway;
  look({ gateway });
});

part("explain").addEventListener("submit", async (event) => {
  event.preventDefault();
  const asked = new URLSearchParams(new FormData(part("explain")));
  const answer = await fetch(`/explain?${asked}`);
  if (answer.ok) put("answer", await answer.text());
});

function theme(name) {
  if (name) document.documentElement.dataset.theme = name;
  drawLines();
}

part("theme").addEventListener("click", () => {
  const dark = getComputedStyle(document.documentElement).getPropertyValue("--back").trim() === "#10161d";
  localStorage.setItem("theme", dark ? "light" : "dark");
  theme(dark ? "light" : "dark");
});

// "/" leads to the search; arrows lead from box to box, within a column and from one to the next.
const STEPS = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] };

document.addEventListener("keydown", (event) => {
  const writes = event.target.closest("input, textarea");
  if (event.key === "/" && !writes) {
    event.preventDefault();
    part("q").focus();
  }
  const box = event.target.closest(".node");
  if (!box || !(event.key in STEPS)) return;
  event.preventDefault();
  const columns = [...document.querySelectorAll(".column")].map((column) => [...column.querySelectorAll(".node")]);
  const at = columns.findIndex((column) => column.includes(box));
  const [across, down] = STEPS[event.key];
  const column = columns[at + across] || columns[at];
  const row = columns[at].indexOf(box) + down;
  column[Math.min(Math.max(row, 0), column.length - 1)]?.focus();
});

addEventListener("resize", drawLines);
theme(localStorage.getItem("theme") || "");
listen();
