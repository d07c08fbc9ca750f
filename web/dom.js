// Puts text into the page, always as text and never as HTML; leaves unchanged parts alone, so that a selection stays.

export const byId = (id) => document.getElementById(id);

function setText(at, text) {
  if (at.textContent === text) return;
  // The same node with new data: ranges that end in its neighbours stay intact.
  if (at.firstChild?.nodeType === Node.TEXT_NODE && at.childNodes.length === 1) at.firstChild.data = text;
  else at.textContent = text;
}

export function put(id, text) {
  const at = byId(id);
  if (!at) return;
  setText(at, text);
  // On a phone a long number gets the width of two cards instead of a break among its digits.
  at.closest(".tiles > div")?.classList.toggle("long", [...at.closest(".tiles > div").querySelectorAll("dd")]
    .some((dd) => /[\d,]{14,}/.test(dd.textContent)));
}

function fillCell(cell, { text, kind = "" }) {
  const isState = kind.startsWith("state");
  const holder = isState ? cell.firstElementChild ?? cell.appendChild(document.createElement("span")) : cell;
  if (holder.className !== kind) holder.className = kind;
  setText(holder, text);
}

function isSelectedIn(body) {
  const selection = document.getSelection();
  return selection && !selection.isCollapsed && selection.containsNode(body, true);
}

// Rows are {key, cells}; a cell is {text, kind}. An existing row is updated in place.
export function fillTable(id, rows) {
  const body = byId(id)?.tBodies[0];
  if (!body) return;
  const known = new Map([...body.rows].map((row) => [row.dataset.key, row]));
  const mayMove = !isSelectedIn(body);
  rows.forEach(({ key, cells }, i) => {
    let row = known.get(key);
    known.delete(key);
    const isNew = !row;
    if (isNew) {
      row = document.createElement("tr");
      row.dataset.key = key;
      row.append(...cells.map(() => document.createElement("td")));
    }
    cells.forEach((cell, at) => fillCell(row.cells[at], cell));
    if (isNew || (mayMove && body.rows[i] !== row)) body.insertBefore(row, body.rows[i] ?? null);
  });
  for (const row of known.values()) row.remove();
  markScrollable();
}

// Content that needs horizontal scrolling must be reachable by keyboard.
export function markScrollable() {
  for (const at of document.querySelectorAll(".wide")) {
    if (at.scrollWidth > at.clientWidth) at.tabIndex = 0;
    else at.removeAttribute("tabindex");
  }
}
addEventListener("resize", markScrollable);
