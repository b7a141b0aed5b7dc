// The page: forms, questions to the worker, answers as text. Nothing here writes HTML: contents of certificates are hostile.
"use strict";

const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const base = new URL(".", location.href).href;
const begun = performance.now();
const MAX_FILE = 8 * 1024 * 1024;
const waiting = new Map();
let number = 0;
let ready;
let failed;
const started = new Promise((resolve, reject) => { ready = resolve; failed = reject; });
started.catch(() => {});

function element(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// ---- the worker

async function startWorker() {
  const { worker: integrity, files } = document.body.dataset;
  const response = await fetch(base + "worker.js", { integrity, credentials: "omit" });
  const address = URL.createObjectURL(new Blob([await response.text()], { type: "text/javascript" }));
  const policy = globalThis.trustedTypes?.createPolicy("lite", { createScriptURL: (given) => given });
  const worker = new Worker(policy ? policy.createScriptURL(address) : address, { type: "module" });
  worker.onmessage = ({ data }) => heard(data);
  worker.onerror = () => failed(new Error("the browser could not start the worker"));
  worker.postMessage({ start: { base, integrity: files } });
  return worker;
}

const worker = startWorker();
worker.catch((error) => failed(error));

function heard(data) {
  if (data.progress) {
    find("#status").textContent = `${data.progress}.`;
    if (data.total) find("#progress").value = data.done / data.total;
    else find("#progress").removeAttribute("value");
  } else if (data.ready) {
    haveCertificates(data);
    ready();
  } else if (data.adding) {
    find("#add").disabled = false;
    const from = new URL(find("#add").dataset.origin).host;
    find("#add-status").textContent = data.fetchedAll
      ? `cryptography is loaded, but it does not start: ${data.failed}`
      : `cryptography could not be loaded from ${from}: there is no network, something blocks it, or a hash differs.`;
  } else if (data.starting) failed(new Error(data.failed));
  else {
    const { resolve, reject } = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.failed) reject(new Error(data.failed));
    else resolve(data.answer);
  }
}

async function ask(question, texts, files = []) {
  await started;
  const id = ++number;
  const answer = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  (await worker).postMessage({ id, question, texts, files });
  return answer;
}

started.then(
  () => {
    find("#progress").hidden = true;
    find("#status").textContent =
      `Ready after ${((performance.now() - begun) / 1000).toFixed(1)} seconds. From now on the page works without network.`;
  },
  (error) => {
    find("#progress").hidden = true;
    find("#status").textContent = `The page could not start: ${error.message}. It needs a browser with WebAssembly and module workers.`;
  },
);

// ---- certificates: only where cryptography is there

function haveCertificates({ certificates, origin }) {
  find("#without").hidden = certificates;
  find("#file-form").hidden = !certificates;
  for (const part of all("label.certificates")) part.hidden = !certificates;
  if (certificates) return void fillPeers();
  find("#add").dataset.origin = new URL(origin, base).href;
  find("#origin").textContent = new URL(origin, base).host;
}

find("#add").addEventListener("click", async () => {
  find("#add").disabled = true;
  find("#add-status").textContent = "Loading cryptography.";
  await started;
  (await worker).postMessage({ addCertificates: true });
});

async function fillPeers() {
  const answer = await ask("peers", { deployment: find("#deployment").value });
  const list = find("select[name=peer]");
  list.replaceChildren(element("option", "(no peer)", { value: "" }));
  for (const peer of answer.peers || []) list.append(element("option", peer, { value: peer }));
}

// ---- questions

async function filesOf(form) {
  const chosen = [...(find("input[type=file]", form)?.files || [])];
  const large = chosen.find((file) => file.size > MAX_FILE);
  if (large) throw new Error(`${large.name} is larger than 8 MB, the most that this page reads.`);
  const files = await Promise.all(chosen.map(async (file) => [file.name, new Uint8Array(await file.arrayBuffer())]));
  const pasted = find("#pem", form)?.value.trim();
  if (pasted) files.push(["pasted text", new TextEncoder().encode(`${pasted}\n`)]);
  return files;
}

const NEEDS = {
  san: ["deployment", "form"], change: ["deployment", "new"], match: ["name", "names"], eku: ["deployment", "what_if", "at"],
  rules: ["search"], decode: ["at"], lint: ["deployment", "peer", "at"], match_file: ["name"],
};

for (const form of all("form")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const question = event.submitter?.value || form.dataset.question;
    const output = find(".answer", form.parentElement);
    const buttons = all("button", form);
    for (const button of buttons) button.setAttribute("aria-disabled", "true");
    output.replaceChildren(element("p", "Working.", { role: "status" }));
    try {
      const values = { deployment: find("#deployment").value, at: new Date().toISOString(), ...Object.fromEntries(new FormData(form)) };
      const texts = Object.fromEntries(NEEDS[question].map((key) => [key, values[key] ?? ""]));
      show(output, await ask(question, texts, await filesOf(form)));
    } catch (error) {
      show(output, { error: error.message });
    }
    for (const button of buttons) button.removeAttribute("aria-disabled");
  });
}

// ---- answers

function show(output, answer) {
  const parts = [];
  if (answer.error) parts.push(element("p", `✘ ${answer.error}`, { class: "headline error", role: "alert" }));
  else parts.push(element("p", answer.headline, { class: `headline ${answer.state}`, role: "status" }));
  for (const notice of answer.notices || []) parts.push(element("p", notice, { class: "notice" }));
  for (const block of answer.blocks || []) parts.push(...blockOf(block));
  if (answer.command) {
    const line = element("p", "The same in a terminal: ");
    line.append(element("code", answer.command));
    parts.push(line);
  }
  if (answer.document) {
    const more = element("details");
    const json = element("pre", JSON.stringify(answer.document, null, 2), { tabindex: "0", "aria-label": "JSON" });
    more.append(element("summary", "JSON"), json);
    parts.push(more);
  }
  output.replaceChildren(...parts);
}

function blockOf(block) {
  const title = block.title ? [element("h3", block.title)] : [];
  switch (block.kind) {
    case "table": return [...title, tableOf(block)];
    case "facts": return [...title, factsOf(block)];
    case "list": {
      const list = element("ul");
      for (const item of block.items) list.append(element("li", item));
      return [...title, list];
    }
    default: return [...title, element("p", block.text)];
  }
}

function tableOf(block) {
  const wide = element("div", "", { class: "wide", tabindex: "0", role: "region", "aria-label": block.title });
  const table = element("table", "", { role: "table" });
  const head = element("tr", "", { role: "row" });
  for (const column of block.columns) head.append(element("th", column, { scope: "col", role: "columnheader" }));
  table.append(element("thead", "", { role: "rowgroup" }), element("tbody", "", { role: "rowgroup" }));
  table.tHead.append(head);
  for (const row of block.rows) {
    const line = element("tr", "", { role: "row" });
    // Roles, because a narrow window shows the cells below each other, and a browser then forgets that it is a table.
    for (const [n, cell] of row.entries()) line.append(element("td", cell, { role: "cell", "data-column": block.columns[n] }));
    table.tBodies[0].append(line);
  }
  wide.append(table);
  return wide;
}

function factsOf(block) {
  const list = element("dl");
  for (const [label, values] of block.rows) {
    list.append(element("dt", label));
    for (const value of values) list.append(element("dd", value));
  }
  return list;
}

// ---- tabs: arrows move, as in every tab list

const tabs = all("[role=tab]");
function choose(tab) {
  for (const other of tabs) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
  }
  if (tab.id === "tab-file" && find("#without").hidden) fillPeers();
}
for (const [place, tab] of tabs.entries()) {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (event) => {
    const moves = { ArrowRight: place + 1, ArrowLeft: place - 1 + tabs.length, Home: 0, End: tabs.length - 1 };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const next = tabs[moves[event.key] % tabs.length];
    choose(next);
    next.focus();
  });
}

// ---- the deployment: an example, a file, or what somebody types

async function offerExamples() {
  const response = await fetch(base + "examples.json", { integrity: document.body.dataset.examples, credentials: "omit" });
  const examples = await response.json();
  const list = find("#example");
  for (const name of Object.keys(examples)) list.append(element("option", name, { value: name }));
  const take = () => { find("#deployment").value = examples[list.value]; };
  list.value = "clustered-mra" in examples ? "clustered-mra" : list.value;
  take();
  list.addEventListener("change", take);
}
offerExamples();

find("#deployment-file").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  // A part of a file could be a deployment of its own: with other machines, and another answer.
  const whole = file.size <= 1024 * 1024;
  find("#deployment").value = whole ? await file.text() : "# This file is larger than 1 MB, the most that this page reads.";
});
find("#copy-today").addEventListener("click", () => { find("#new").value = find("#deployment").value; });
