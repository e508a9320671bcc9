// Programs let in: a key is shown once, when it is made; after that nobody can see it again.

import { ApiFault, ask } from "./api.js";
import { announce, element, t } from "./boot.js";
import { askIn, wireDialog, wireForm } from "./asking.js";
import { when } from "./dates.js";
import { openDialog, wireDialogs } from "./dialogs.js";
import { Missing } from "./field_faults.js";
import { badge, node } from "./nodes.js";
import { notify, notifyFault } from "./notices.js";

let client = null;

function button(what, one, tone) {
  const made = node("button", { type: "button", class: `krds-btn ${tone} small`, "data-act": what }, t(`clients.${what}`));
  made.setAttribute("aria-label", t(`clients.${what}_of`, { name: one.name }));
  made.addEventListener("click", () => {
    client = one;
    askIn(what, one.name);
  });
  return made;
}

function stateOf(one) {
  if (one.revoked_at) return badge(t("clients.revoked", { when: when(one.revoked_at) }), "gray");
  return badge(t("clients.let_in"), "success");
}

function row(one) {
  const cell = (...content) => node("td", {}, ...content);
  const buttons = one.revoked_at ? "–" : node("div", { class: "buttons" }, button("rotate", one, "tertiary"), button("revoke", one, "tertiary"));
  return node(
    "tr",
    { "data-client": one.name },
    node("th", { scope: "row" }, one.name),
    cell(t(`clients.channel_${one.channel}`)),
    cell(stateOf(one)),
    node("td", { class: "figures" }, String(one.revoked_at ? 0 : one.keys)),
    node("td", { class: "figures" }, one.used_at ? when(one.used_at) : t("clients.never_used")),
    cell(buttons),
  );
}

async function list() {
  try {
    const { clients } = await ask("GET", "/clients");
    const empty = node("tr", {}, node("td", { class: "empty", colspan: "6" }, t("clients.empty")));
    element("clients").replaceChildren(...(clients.length ? clients.map(row) : [empty]));
    element("clients").setAttribute("aria-busy", "false");
  } catch (fault) {
    if (!(fault instanceof ApiFault)) throw fault;
    notifyFault(fault);
  }
}

function showKey(key, name) {
  element("key-of").textContent = name;
  element("key-id").textContent = key.key_id;
  element("key-secret").textContent = key.secret;
  element("key-old").hidden = !key.old_ends_at;
  if (key.old_ends_at) element("key-old").textContent = t("clients.key_old", { when: when(key.old_ends_at) });
  element("key-copied").textContent = "";
  openDialog("key-dialog");
}

function forgetKey() {
  for (const id of ["key-id", "key-secret", "key-of", "key-old"]) element(id).textContent = "";
  element("key-kept").checked = false;
}

async function copy(id) {
  await navigator.clipboard.writeText(element(id).textContent);
  element("key-copied").textContent = t("clients.key_copied");
}

async function create(form) {
  const name = form.get("name").trim();
  if (!name) throw new Missing(["name", "needed"]);
  try {
    return { name, key: await ask("POST", "/clients", { name, channel: form.get("channel") }) };
  } catch (fault) {
    if (fault.status === 409) throw new Missing(["name", "taken"]);
    throw fault;
  }
}

wireDialogs();
wireForm("new", create, async ({ name, key }) => {
  element("new-form").reset();
  showKey(key, name);
  await list();
});
wireDialog("rotate", () => ask("POST", `/clients/${client.id}/keys`), async (key) => {
  showKey(key, client.name);
  await list();
});
wireDialog("revoke", () => ask("POST", `/clients/${client.id}/revoke`), async () => {
  await list();
  notify(t("clients.revoke_done", { name: client.name }), "success");
  announce(t("clients.revoke_done", { name: client.name }));
});
element("key-dialog").addEventListener("cancel", (event) => {
  if (!element("key-kept").checked) event.preventDefault(); // Escape must not lose a key unseen
});
element("key-dialog").addEventListener("close", forgetKey);
for (const one of document.querySelectorAll("[data-copy]")) {
  one.addEventListener("click", () => copy(one.dataset.copy));
}
list();
