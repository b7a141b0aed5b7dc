// Runs pkikit in Pyodide, away from the page, so that the page answers keys and clicks while Python works.
// The page starts this text as a blob: the worker then has the page's own Content-Security-Policy.
"use strict";

let base = "";
let python = null;
let manifest = null;
let withCertificates = false;
let stopped = false;
let fetchedAll = false;

const say = (message) => self.postMessage(message);

// The browser refuses a file whose hash is not the one in files.json.
async function fetched(address, integrity) {
  const response = await fetch(address, { integrity, credentials: "omit", referrerPolicy: "no-referrer" });
  if (!response.ok) throw new Error(`${address} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function start(message) {
  base = message.base;
  const text = new TextDecoder().decode(await fetched(base + "files.json", message.integrity));
  manifest = JSON.parse(text);
  const total = manifest.start.reduce((sum, file) => sum + file.bytes, 0);
  let done = 0;
  const archives = await Promise.all(
    manifest.start.map(async (file) => {
      const data = await fetched(base + file.path, file.integrity);
      done += file.bytes;
      if (!stopped) say({ progress: `Loading files: ${(done / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB`, done, total });
      return [file.path, data];
    }),
  );
  say({ progress: "Starting Python" });
  const { loadPyodide } = await import(base + "pyodide/pyodide.mjs");
  python = await loadPyodide({ indexURL: base + "pyodide/" });
  say({ progress: "Unpacking pkikit" });
  for (const [path, data] of archives) if (path.startsWith("packages/")) unpack(data);
  say({ progress: "Starting pkikit" });
  python.runPython("import desk");
  if (manifest.certificates.here) await addCertificates();
  say({ ready: true, certificates: withCertificates, origin: manifest.certificates.origin });
}

function unpack(data) {
  const folder = python.runPython("import sysconfig; sysconfig.get_paths()['purelib']");
  python.unpackArchive(data, "zip", { extractDir: folder });
}

// cryptography: from this folder, or from Pyodide's release after the user has agreed.
async function addCertificates() {
  const { origin, compiled, packages } = manifest.certificates;
  const from = manifest.certificates.here ? base + origin : origin;
  const wanted = [
    ...compiled.map((file) => fetched(from + file.path, file.integrity)),
    ...packages.map((file) => fetched(base + file.path, file.integrity)),
  ];
  const archives = await Promise.all(wanted);
  fetchedAll = true;
  archives.forEach(unpack);
  python.runPython("import importlib; importlib.invalidate_caches(); import certificate_desk");
  withCertificates = true;
}

function answer(message) {
  const ask = python.pyimport("desk").answer;
  const files = python.toPy(message.files || []);
  try {
    return JSON.parse(ask(message.question, JSON.stringify(message.texts), files));
  } finally {
    files.destroy();
    ask.destroy();
  }
}

self.onmessage = async ({ data }) => {
  try {
    if (data.start) return await start(data.start);
    if (data.addCertificates) {
      await addCertificates();
      return say({ ready: true, certificates: true, origin: manifest.certificates.origin });
    }
    say({ id: data.id, answer: answer(data) });
  } catch (error) {
    // The console has the whole traceback; the page shows its last line.
    stopped = stopped || Boolean(data.start);
    console.error(error);
    const last = String(error.message || error).trim().split("\n").pop();
    say({ id: data.id, failed: last.slice(0, 300), starting: Boolean(data.start), adding: Boolean(data.addCertificates), fetchedAll });
  }
};
