// Builds the page: a folder that any static file server can serve.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const wasm = join(here, '..');
const testdata = join(here, '../../testdata');

const modules = ['app.js', 'dom.js', 'explanation.js', 'hits.js', 'interaction.js', 'pdf.js', 'read.js', 'rove.js', 'samples.js', 'shelf.js'];

/** How many abstracts the sample has. */
const abstracts = 40;

/**
 * Builds the page.
 *
 * @param {string} [folder] which is emptied
 * @returns {string} the folder
 */
export function build(folder = join(here, 'dist')) {
  if (!existsSync(join(wasm, 'dist/index.wasm'))) throw new Error('wasm/dist: expected the built package, found none: run npm run build first');

  /** The files of a version, by their place in its folder. @type {Map<string, Buffer>} */
  const files = new Map();
  for (const name of [...modules, 'samples/notes.jsonl', 'style.css', 'theme.js']) files.set(name, readFileSync(join(here, name)));
  for (const part of ['src', 'dist']) {
    for (const name of readdirSync(join(wasm, part))) {
      if (/\.(js|wasm)$|^LICENSE/.test(name)) files.set(`toller/${part}/${name}`, readFileSync(join(wasm, part, name)));
    }
  }
  // Two modules, under names that every server knows the type of, and tables for fonts
  // of East Asian scripts, of which a file names those that it needs.
  const pdfjs = join(wasm, 'node_modules/pdfjs-dist');
  for (const name of ['pdf.min', 'pdf.worker.min']) files.set(`pdfjs/${name}.js`, readFileSync(join(pdfjs, 'legacy/build', `${name}.mjs`)));
  for (const name of readdirSync(join(pdfjs, 'cmaps'))) files.set(`pdfjs/cmaps/${name}`, readFileSync(join(pdfjs, 'cmaps', name)));
  files.set('pdfjs/LICENSE', readFileSync(join(pdfjs, 'LICENSE')));
  const lines = readFileSync(join(testdata, 'abstracts.jsonl'), 'utf8').split('\n').slice(0, abstracts);
  files.set('samples/abstracts.jsonl', Buffer.from(`${lines.join('\n')}\n`));

  const page = readFileSync(join(here, 'index.html'), 'utf8');
  const outside = Object.fromEntries(['manifest.webmanifest', 'icon.svg', 'sw.js'].map((name) => [name, readFileSync(join(here, name))]));
  const version = digest([page, ...Object.entries(outside).flat(), ...[...files].sort(([a], [b]) => (a < b ? -1 : 1)).flat()]);

  // The model is large and seldom changes: it has a folder of its own.
  const model = ['index.js', 'toller-small.safetensors'].map((name) => /** @type {const} */ ([name, readFileSync(join(wasm, 'model-small', name))]));
  const modelFolder = `model-${digest(model.flat())}`;

  const imports = JSON.stringify({ imports: { toller: `./${version}/toller/src/toller.js`, 'toller-model-small': `./${modelFolder}/index.js` } });
  const html = page
    .replaceAll('{version}', version)
    .replaceAll('{imports}', imports)
    .replaceAll('{imports-hash}', integrity(imports));

  /** All that is written. @type {Map<string, Buffer>} */
  const all = new Map();
  all.set('index.html', Buffer.from(html));
  for (const name of ['manifest.webmanifest', 'icon.svg']) all.set(name, outside[name]);
  for (const [name, content] of files) all.set(`${version}/${name}`, content);
  for (const [name, content] of model) all.set(`${modelFolder}/${name}`, content);

  // What is kept for when there is no network: all but the model, what only people read,
  // and tables that few PDFs name.
  const kept = [...all].filter(([name]) => !/safetensors$|LICENSE|\/cmaps\//.test(name)).map(([name, content]) => [name === 'index.html' ? './' : name, integrity(content)]);
  all.set('sw.js', Buffer.from(`const release = ${JSON.stringify({ version, files: kept })};\n${outside['sw.js']}`));

  rmSync(folder, { recursive: true, force: true });
  for (const [name, content] of all) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/**
 * Names content by its digest.
 *
 * @param {(string | Buffer)[]} parts
 */
function digest(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex').slice(0, 12);
}

/** @param {string | Buffer} content */
function integrity(content) {
  return `sha256-${createHash('sha256').update(content).digest('base64')}`;
}
