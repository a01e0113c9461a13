// The timing tower. Rows are kept here; the kernel sends what changed. Text from data is only ever set as text.
const WIDTHS = {
  position: "3.2em", car_number: "3em", car_class: "4.9em", driver: "minmax(5.5em, 1fr)", laps: "2.7em", gap_ms: "5.9em",
  interval_ms: "6.5em", last_lap_ms: "6.1em", best_lap_ms: "6.2em", s1_ms: "4.6em", s2_ms: "4.6em", s3_ms: "4.6em",
  stint: "4.3em", compound: "3.5em", stops: "3.4em", status: "3.7em",
};
const LEFT = new Set(["driver", "car_class", "status"]);
// A sector of a minute or more needs more room.
const LONG_SECTOR = "5.4em";
const SECTORS = ["s1_ms", "s2_ms", "s3_ms"];
const TIMES = new Set(["last_lap_ms", "best_lap_ms", "s1_ms", "s2_ms", "s3_ms"]);
const MARKS = {
  session: ["◆", "best of the session"], class: ["◆", "best of the class"], personal: ["◇", "the car's own best"],
};
const MOST_CHOSEN = 6;
const still = window.matchMedia("(prefers-reduced-motion: reduce)");

function make(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function byPlace(a, b) {
  const [left, right] = [a.data.order ?? Infinity, b.data.order ?? Infinity];
  return left === right ? a.number.localeCompare(b.number, "en", { numeric: true }) : left - right;
}

class TowerView {
  constructor(model, el) {
    this.model = model;
    this.rows = new Map();
    this.shown = [];
    this.revision = null;
    this.filter = { name: null, chosen: false, query: "" };
    el.classList.add("racelab", "rl-tower");
    this.tools = make("div", "rl-tools");
    this.chips = make("div", "rl-chips");
    this.search = make("input", "rl-search");
    this.search.placeholder = "Find a car (/)";
    this.search.setAttribute("aria-label", "Find a car by number, driver or team");
    this.tools.append(this.chips, this.search);
    this.table = make("div", "rl-table");
    this.table.setAttribute("role", "table");
    this.table.setAttribute("aria-label", "Timing tower");
    this.head = make("div", "rl-row rl-head");
    this.head.setAttribute("role", "row");
    this.body = make("div", "rl-body");
    this.body.setAttribute("role", "rowgroup");
    this.note = make("p", "rl-note");
    this.note.setAttribute("role", "status");
    this.scroller = make("div", "rl-scroll");
    this.scroller.append(this.head, this.body);
    this.table.append(this.scroller);
    el.append(this.tools, this.note, this.table);
    this.el = el;
  }

  start() {
    this.search.addEventListener("input", () => {
      this.filter.query = this.search.value.trim().toLowerCase();
      this.arrange(false);
    });
    this.onKey = (event) => this.key(event);
    document.addEventListener("keydown", this.onKey);
    this.onMessage = (message) => this.receive(message);
    this.model.on("msg:custom", this.onMessage);
    this.onTrait = () => this.traits();
    for (const name of ["columns", "note", "selected"]) this.model.on(`change:${name}`, this.onTrait);
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(this.scroller);
    this.replace(this.model.get("rows") ?? {});
    this.traits();
    this.model.send({ kind: "hello" });
  }

  stop() {
    document.removeEventListener("keydown", this.onKey);
    this.model.off("msg:custom", this.onMessage);
    for (const name of ["columns", "note", "selected"]) this.model.off(`change:${name}`, this.onTrait);
    this.sizes.disconnect();
  }

  key(event) {
    const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
    if (event.key === "Escape" && event.target === this.search) {
      this.search.value = "";
      this.filter.query = "";
      this.search.blur();
      this.arrange(false);
    } else if (event.key === "/" && !typing) {
      event.preventDefault();
      this.search.focus();
    }
  }

  receive(message) {
    if (message.kind === "full") {
      this.replace(message.rows);
      this.revision = message.revision;
    } else if (message.kind === "diff" && this.revision !== null) {
      if (message.revision === this.revision + 1) {
        this.revision = message.revision;
        this.apply(message.rows);
      } else if (message.revision > this.revision) {
        this.revision = null;
        this.model.send({ kind: "hello" });
      }
    }
  }

  replace(rows) {
    const diff = { ...rows };
    for (const number of this.rows.keys()) if (!(number in rows)) diff[number] = null;
    this.apply(diff);
  }

  apply(diff) {
    for (const [number, cells] of Object.entries(diff)) {
      if (cells === null) {
        this.rows.get(number)?.el.remove();
        this.rows.delete(number);
        continue;
      }
      const row = this.rows.get(number) ?? this.add(number);
      const first = row.data.car_number === undefined;
      const lapped = !first && "last_lap_ms" in cells;
      Object.assign(row.data, cells);
      this.paint(row);
      if (lapped) this.flash(row);
    }
    this.setWidths();
    this.paintChips();
    this.arrange(true);
  }

  add(number) {
    const el = make("div", "rl-row");
    el.setAttribute("role", "row");
    el.tabIndex = 0;
    el.dataset.car = number;
    const row = { number, el, data: {}, cells: new Map() };
    el.addEventListener("click", () => this.choose(number));
    el.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.choose(number);
    });
    this.rows.set(number, row);
    this.addCells(row);
    return row;
  }

  addCells(row) {
    row.el.replaceChildren();
    row.cells.clear();
    for (const column of this.columns ?? []) {
      const cell = make("div", `rl-cell${LEFT.has(column.key) ? " rl-left" : ""}`);
      cell.setAttribute("role", "cell");
      cell.dataset.column = column.key;
      cell.dataset.rank = column.rank;
      row.cells.set(column.key, cell);
      row.el.append(cell);
    }
  }

  traits() {
    setText(this.note, this.model.get("note") ?? "");
    const columns = this.model.get("columns") ?? [];
    if (columns !== this.columns) this.setColumns(columns);
    this.paintChosen();
  }

  setColumns(columns) {
    this.columns = columns;
    this.head.replaceChildren();
    for (const column of columns) {
      const cell = make("div", `rl-cell${LEFT.has(column.key) ? " rl-left" : ""}`, column.heading);
      cell.setAttribute("role", "columnheader");
      cell.title = column.description;
      cell.dataset.column = column.key;
      cell.dataset.rank = column.rank;
      this.head.append(cell);
    }
    this.setWidths();
    for (const row of this.rows.values()) {
      this.addCells(row);
      this.paint(row);
    }
  }

  width(key) {
    const long = SECTORS.includes(key) && [...this.rows.values()].some((row) => (row.data[key] ?? "").length > 6);
    return long ? LONG_SECTOR : WIDTHS[key] ?? "4em";
  }

  setWidths() {
    for (const rank of [0, 1, 2]) {
      const template = (this.columns ?? []).filter((column) => column.rank >= rank).map((column) => this.width(column.key));
      const name = `--rl-columns-${rank}`;
      if (this.el.style.getPropertyValue(name) !== template.join(" ")) this.el.style.setProperty(name, template.join(" "));
    }
  }

  paint(row) {
    row.el.style.setProperty("--rl-class", row.data.class_colour ?? "transparent");
    row.el.dataset.status = row.data.status ?? "";
    for (const [key, cell] of row.cells) {
      if (key === "position") this.paintPlace(cell, row.data);
      else if (key === "car_class") this.paintClass(cell, row.data);
      else if (key === "driver") this.paintDriver(cell, row.data);
      else if (key === "compound") this.paintTyre(cell, row.data);
      else if (TIMES.has(key)) this.paintTime(cell, key, row.data);
      else if (key === "gap_ms") setText(cell, (this.filter.name ? row.data.class_gap_ms : row.data.gap_ms) ?? "–");
      else setText(cell, String(row.data[key] ?? "–"));
    }
  }

  part(cell, className) {
    return cell.querySelector(`.${className}`) ?? cell.appendChild(make("span", className));
  }

  paintPlace(cell, data) {
    const arrow = this.part(cell, "rl-arrow");
    setText(arrow, data.way > 0 ? "▲" : data.way < 0 ? "▼" : "");
    arrow.dataset.way = data.way > 0 ? "up" : data.way < 0 ? "down" : "";
    arrow.title = data.way > 0 ? "gained places in this lap" : data.way < 0 ? "lost places in this lap" : "";
    setText(this.part(cell, "rl-place"), (this.filter.name ? data.class_position : data.position) ?? "–");
  }

  paintClass(cell, data) {
    const chip = this.part(cell, "rl-class");
    setText(chip, data.car_class ?? "–");
    chip.title = data.class_name ?? "";
    setText(this.part(cell, "rl-quiet"), this.filter.name || data.class_position === "–" ? "" : data.class_position ?? "");
  }

  paintDriver(cell, data) {
    const name = this.part(cell, "rl-name");
    setText(name, data.driver ?? "–");
    name.title = [data.driver, data.team].filter(Boolean).join(", ");
    setText(this.part(cell, "rl-badge"), data.status ?? "");
  }

  paintTyre(cell, data) {
    const ring = this.part(cell, "rl-tyre");
    setText(ring, data.compound ?? "–");
    ring.classList.toggle("rl-two", (data.compound ?? "").length > 1);
    ring.dataset.known = data.compound_name ? "yes" : "";
    ring.title = data.compound_name ?? "the source does not tell the compound";
    if (data.compound_name) ring.style.setProperty("--rl-tyre", `var(--rl-tyre-${data.compound_name.replace(/\W/g, "")})`);
    setText(this.part(cell, "rl-quiet"), data.tyre_age === "–" ? "" : data.tyre_age ?? "");
  }

  paintTime(cell, key, data) {
    const mark = data[`${key}_mark`];
    const [sign, meaning] = MARKS[mark] ?? ["", ""];
    cell.dataset.mark = mark ?? "";
    cell.title = meaning;
    setText(this.part(cell, "rl-sign"), sign);
    setText(this.part(cell, "rl-time"), data[key] ?? "–");
  }

  paintChips() {
    const names = new Map();
    for (const row of [...this.rows.values()].sort(byPlace)) {
      if (row.data.class_name && !names.has(row.data.class_name)) names.set(row.data.class_name, row.data);
    }
    const wanted = names.size > 1 ? [...names.keys()] : [];
    const signature = [...wanted].sort().join("|");
    if (signature === this.chipSignature) return;
    this.chipSignature = signature;
    if (!wanted.includes(this.filter.name)) this.filter.name = null;
    this.chips.replaceChildren(this.chip("All", () => this.setFilter(null, false)));
    for (const name of wanted) {
      const chip = this.chip(name, () => this.setFilter(name, false));
      chip.style.setProperty("--rl-class", names.get(name).class_colour);
      chip.classList.add("rl-chip-class");
      this.chips.append(chip);
    }
    this.chips.append(this.chip("Chosen", () => this.setFilter(null, true)));
    this.pressChips();
  }

  chip(label, action) {
    const chip = make("button", "rl-chip", label);
    chip.type = "button";
    chip.addEventListener("click", action);
    return chip;
  }

  setFilter(name, chosen) {
    this.filter = { ...this.filter, name, chosen };
    this.pressChips();
    for (const row of this.rows.values()) this.paint(row);
    this.arrange(false);
  }

  pressChips() {
    const label = this.filter.chosen ? "Chosen" : this.filter.name ?? "All";
    for (const chip of this.chips.children) chip.setAttribute("aria-pressed", String(chip.textContent === label));
  }

  choose(number) {
    const chosen = this.model.get("selected") ?? [];
    const next = chosen.includes(number) ? chosen.filter((other) => other !== number) : [...chosen, number];
    this.model.set("selected", next.slice(-MOST_CHOSEN));
    this.model.save_changes();
    this.paintChosen();
  }

  paintChosen() {
    const chosen = new Set(this.model.get("selected") ?? []);
    for (const row of this.rows.values()) {
      row.el.setAttribute("aria-selected", String(chosen.has(row.number)));
      row.el.title = chosen.has(row.number) ? "Click to take this car out of the charts" : "Click to put this car in the charts";
    }
    if (this.filter.chosen) this.arrange(false);
  }

  passes(row) {
    const { name, chosen, query } = this.filter;
    if (name && row.data.class_name !== name) return false;
    if (chosen && !(this.model.get("selected") ?? []).includes(row.number)) return false;
    const words = `${row.number} ${row.data.driver ?? ""} ${row.data.team ?? ""}`.toLowerCase();
    return !query || words.includes(query);
  }

  arrange(animated) {
    const before = new Map(this.shown.map((row, index) => [row, index]));
    this.shown = [...this.rows.values()].filter((row) => this.passes(row)).sort(byPlace);
    const focused = document.activeElement;
    let cursor = this.body.firstElementChild;
    for (const row of this.shown) {
      if (row.el === cursor) cursor = cursor.nextElementSibling;
      else this.body.insertBefore(row.el, cursor);
    }
    while (cursor) {
      const next = cursor.nextElementSibling;
      cursor.remove();
      cursor = next;
    }
    if (focused !== document.activeElement && this.body.contains(focused)) focused.focus({ preventScroll: true });
    this.fit();
    if (animated && !still.matches) this.glide(before);
  }

  glide(before) {
    const height = this.shown[0]?.el.offsetHeight ?? 0;
    this.shown.forEach((row, index) => {
      const places = (before.get(row) ?? index) - index;
      if (!places || !height) return;
      row.el.animate([{ transform: `translateY(${places * height}px)` }, { transform: "none" }], {
        duration: 300, easing: "ease-out",
      });
    });
  }

  flash(row) {
    const cell = row.cells.get("last_lap_ms");
    if (!cell || still.matches) return;
    cell.animate([{ backgroundColor: "rgba(232, 234, 237, 0.35)" }, { backgroundColor: "rgba(232, 234, 237, 0)" }], {
      duration: 900, easing: "ease-out",
    });
  }

  fit() {
    const narrow = this.el.clientWidth < 480;
    const [low, high] = narrow ? [28, 28] : [16, 27];
    const height = Math.floor((this.scroller.clientHeight - this.head.offsetHeight) / Math.max(this.shown.length, 1));
    const chosen = Math.min(high, Math.max(low, height));
    this.el.style.setProperty("--rl-row", `${chosen}px`);
    this.el.dataset.density = chosen < 19 ? "tight" : "";
  }
}

export default {
  render({ model, el }) {
    const view = new TowerView(model, el);
    view.start();
    return () => view.stop();
  },
};
