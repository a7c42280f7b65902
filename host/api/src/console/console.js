// The manager's page: lines are searched, renamed and deleted, and numbers are pasted into their settings (R12).
// Texts of people become text nodes, never markup. The token lives in this closure alone.
"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  let token = "";
  let tenant = "";
  let next = null;
  let search = "";

  class Problem extends Error {
    constructor(problem) {
      super(problem.detail || problem.title || "The exchange refused.");
      this.details = (problem.errors || []).map((error) => error.detail);
    }
  }

  /** Asks the exchange; the answer's JSON, and the entity tag that it came with. */
  async function ask(method, path, body, tag) {
    const headers = { Authorization: `Bearer ${token}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (tag) headers["If-Match"] = tag;
    let response;
    try {
      response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    } catch {
      throw new Problem({ detail: "The exchange does not answer." });
    }
    const text = await response.text();
    let value = null;
    try { value = text ? JSON.parse(text) : null; } catch { /* said below */ }
    if (!response.ok) throw new Problem(value || { detail: `The exchange answered ${response.status}.` });
    return { value, tag: response.headers.get("ETag") };
  }

  const within = (path) => `/v1/tenants/${encodeURIComponent(tenant)}${path}`;
  const say = (text) => { at("said").textContent = text; };

  function option(value, text) {
    const made = document.createElement("option");
    made.value = value;
    made.textContent = text;
    return made;
  }

  /** Runs what somebody asked for, and tells what went wrong in `where`: a list, or the line at the foot. */
  async function attempt(work, where) {
    say("");
    if (where) where.replaceChildren();
    try {
      return await work();
    } catch (error) {
      if (!where) { say(error.message); return undefined; }
      const details = error.details && error.details.length ? error.details : [error.message];
      where.replaceChildren(...details.map((detail) => {
        const item = document.createElement("li");
        item.textContent = detail;
        return item;
      }));
      return undefined;
    }
  }

  // Signing in.

  at("enter").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      token = at("token").value.trim();
      const me = (await ask("GET", "/v1/me")).value;
      if (me.tenant) {
        tenant = me.tenant;
      } else if (at("tenant").value) {
        tenant = at("tenant").value;
      } else {
        const tenants = (await ask("GET", "/v1/tenants?limit=1000")).value.items;
        at("tenant").replaceChildren(...tenants.map(({ document: one }) => option(one.id, one.name)));
        at("of-tenant").hidden = false;
        at("tenant").focus();
        say(tenants.length ? "Choose the tenant, then sign in again." : "There is no tenant yet.");
        return;
      }
      at("token").value = "";
      at("who").textContent = `${tenant}, as ${me.role}`;
      at("enter").hidden = true;
      at("leave").hidden = false;
      at("lines").hidden = false;
      if (me.role !== "user") await sites();
      await find();
      at("name").focus();
    });
  });

  at("leave").addEventListener("click", () => { token = ""; window.location.reload(); });

  async function sites() {
    const found = (await ask("GET", within("/sites?limit=1000"))).value.items;
    at("site").replaceChildren(option("", "all"), ...found.map(({ document: site }) => option(site.id, site.name)));
  }

  // Searching.

  at("search").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(find);
  });

  at("more").addEventListener("click", () => attempt(() => page(next)));

  async function find() {
    const asked = new URLSearchParams({ limit: "50" });
    for (const field of ["name", "number", "site", "kind"]) {
      const value = at(field).value.trim();
      if (value) asked.set(field, value);
    }
    search = asked.toString();
    at("rows").replaceChildren();
    await page(null);
  }

  async function page(after) {
    const behind = after ? `&after=${encodeURIComponent(after)}` : "";
    const { items, next: following } = (await ask("GET", within(`/lines?${search}${behind}`))).value;
    at("rows").append(...items.map(({ document: line }) => row(line)));
    next = following || null;
    at("more").hidden = !next;
    const count = at("rows").children.length;
    at("found").textContent = `${count} ${count === 1 ? "line" : "lines"}${next ? ", and more" : ""}`;
  }

  function row(line) {
    const made = document.createElement("tr");
    made.dataset.line = line.id;
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = line.name;
    made.append(head);
    for (const field of ["short-number", "number", "kind", "site"]) {
      const cell = document.createElement("td");
      cell.textContent = line[field] || "";
      made.append(cell);
    }
    const actions = document.createElement("td");
    actions.className = "actions";
    for (const [word, open] of [["Rename", rename], ["Numbers", paste], ["Delete", remove]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = word;
      button.setAttribute("aria-label", `${word}: ${line.name}`);
      button.addEventListener("click", () => attempt(() => open(line.id, line.name)));
      actions.append(button);
    }
    made.append(actions);
    return made;
  }

  // What is done to a line, each in a dialog of its own.

  /** Opens a dialog; `work` is done when it is sent, and it stays open while that is refused. */
  function dialog(id, title, work) {
    const box = at(id);
    const form = box.querySelector("form");
    const wrong = box.querySelector(".wrong");
    at(`${id}-title`).textContent = title;
    wrong.replaceChildren();
    box.querySelector(".away").onclick = () => box.close();
    form.onsubmit = async (event) => {
      event.preventDefault();
      const said = await attempt(work, wrong);
      if (said === undefined) return;
      box.close();
      await attempt(find);
      say(said);
    };
    box.showModal();
  }

  function rename(id, name) {
    at("new-name").value = name;
    dialog("rename", `Rename “${name}”`, async () => {
      const path = within(`/lines/${encodeURIComponent(id)}`);
      const { value, tag } = await ask("GET", path);
      const changed = at("new-name").value.trim();
      await ask("PUT", path, { ...value.document, name: changed }, tag);
      return `“${name}” is “${changed}” now.`;
    });
  }

  function remove(id, name) {
    dialog("delete", `Delete “${name}”?`, async () => {
      await ask("DELETE", within(`/lines/${encodeURIComponent(id)}`));
      return `“${name}” is deleted.`;
    });
  }

  /** Lists of texts in the settings of the line's behaviours, by their pointers. */
  async function lists(id) {
    const line = (await ask("GET", within(`/lines/${encodeURIComponent(id)}`))).value.document;
    const of = (await ask("GET", within(""))).value.document;
    const names = line.behaviours || (of.defaults && of.defaults.line) || [];
    const found = [];
    for (const name of names) {
      const path = within(`/lines/${encodeURIComponent(id)}/settings/${encodeURIComponent(name)}`);
      const { schema } = (await ask("GET", path)).value;
      walk(schema, "", (pointer, title) => found.push({ path: `${path}/numbers`, pointer, title: `${name}: ${title}` }));
    }
    return found;
  }

  function walk(schema, pointer, found) {
    for (const [name, rules] of Object.entries((schema && schema.properties) || {})) {
      const here = `${pointer}/${name.replace(/~/g, "~0").replace(/\//g, "~1")}`;
      const items = rules.items || {};
      if (rules.type === "array" && items.type === "string") found(here, rules.title || name);
      else if (rules.type === "object") walk(rules, here, found);
    }
  }

  async function paste(id, name) {
    const found = await lists(id);
    if (!found.length) { say(`“${name}” has no list of numbers: no behaviour of its has one.`); return; }
    at("list").replaceChildren(...found.map((one, place) => option(String(place), one.title)));
    at("numbers").value = "";
    at("replace").checked = false;
    dialog("paste", `Numbers for “${name}”`, async () => {
      const { path, pointer } = found[Number(at("list").value)];
      const body = { list: pointer, text: at("numbers").value, replace: at("replace").checked };
      const { added, known } = (await ask("POST", path, body)).value;
      return `${added.length} added${known.length ? `, ${known.length} known already` : ""}.`;
    });
  }
})();
