"""The browser's side of the place for files: drop or choose; the bytes go to the kernel in pieces, one after another.

The server drops a connection whose message is larger than 10 MB, so a piece has 2 MB. The kernel asks for the next piece.
"""

from __future__ import annotations

SCRIPT = """
const PIECE = 2 * 1024 * 1024;
function make(tag, settings, ...inside) {
  const made = Object.assign(document.createElement(tag), settings || {});
  made.append(...inside);
  return made;
}
function much(bytes) {
  return bytes < 1e6 ? Math.max(1, Math.round(bytes / 1e3)) + " kB" : (bytes / 1e6).toFixed(1) + " MB";
}
function render({ model, el }) {
  el.classList.add("drop-zone");
  el.dataset.lmSuppressShortcuts = "true";
  const id = "drop-" + Math.random().toString(36).slice(2);
  const input = make("input", { type: "file", multiple: true, id, className: "drop-input" });
  const label = make("label", { htmlFor: id }, model.get("description"));
  const hint = make("p", { id: id + "-hint" }, model.get("hint"));
  input.setAttribute("aria-describedby", hint.id);
  const told = make("p", {});
  told.setAttribute("role", "status");
  const bar = make("progress", { hidden: true, max: 1, value: 0 });
  bar.setAttribute("aria-label", "Files that were read");
  el.replaceChildren(label, input, hint, bar, told);
  let waiting = new Map(), all = 0, sent = 0, failed = false;
  function begin(files) {
    if (!files.length) return;
    failed = false;
    const list = [...files].map((file) => ({ file, id: Math.random().toString(36).slice(2), at: 0 }));
    for (const one of list) { waiting.set(one.id, one); all += one.file.size; }
    bar.hidden = false;
    model.send({ kind: "begin", files: list.map(({ id, file }) => ({ id, name: file.name, size: file.size })) });
    draw();
  }
  function draw() {
    bar.value = all ? sent / all : 1;
    if (!failed) told.textContent = waiting.size ? "Copying: " + much(sent) + " of " + much(all) + " …" : "";
  }
  function stop() {
    if (!failed) told.textContent = "";
    waiting = new Map(); all = 0; sent = 0; bar.hidden = true; input.value = "";
  }
  async function piece(one) {
    const end = Math.min(one.at + PIECE, one.file.size);
    let data;
    try { data = await one.file.slice(one.at, end).arrayBuffer(); } catch (error) {
      failed = true;
      told.textContent = "✘ The browser cannot read " + one.file.name + ". Is it a folder? Write its name below instead.";
      model.send({ kind: "stop" });
      stop();
      return;
    }
    sent += end - one.at;
    one.at = end;
    draw();
    model.send({ kind: "piece", id: one.id }, undefined, [data]);
  }
  model.on("msg:custom", (message) => {
    if (message.kind === "next") { const one = waiting.get(message.id); if (one) piece(one); }
    if (message.kind === "end") stop();
  });
  input.addEventListener("change", () => begin(input.files));
  for (const name of ["dragenter", "dragover"]) {
    el.addEventListener(name, (event) => { event.preventDefault(); event.stopPropagation(); el.classList.add("over"); });
  }
  el.addEventListener("dragleave", () => el.classList.remove("over"));
  el.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    el.classList.remove("over");
    begin(event.dataTransfer.files);
  });
}
export default { render };
"""

STYLE = """
.drop-zone { border: 2px dashed currentColor; border-radius: 8px; padding: 14px 18px; margin: 4px 0 10px; }
.drop-zone.over { outline: 3px solid currentColor; outline-offset: 2px; }
.drop-zone label { display: block; font-weight: 600; font-size: 1.1em; margin-bottom: 6px; }
.drop-zone input { font: inherit; color: inherit; max-width: 100%; min-height: 32px; }
.drop-zone input:focus-visible { outline: 3px solid currentColor; outline-offset: 2px; }
.drop-zone p { margin: 6px 0 0; line-height: 1.45; }
.drop-zone progress { width: 100%; }
"""
