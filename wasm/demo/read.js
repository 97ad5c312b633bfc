// Reading files and pasted text into documents.

import { readPDF } from './pdf.js';

/**
 * A part of a document that belongs together.
 *
 * @typedef {object} Block
 * @property {string} heading above it, or ''
 * @property {string} text
 *
 * @typedef {object} Source
 * @property {string} title
 * @property {string} origin the file or the collection that it comes from
 * @property {Block[]} blocks
 * @property {string} [note] what of it could not be read
 */

/** Most bytes that a file of text may have, and a PDF, which is mostly other things. */
const largestFile = 8 << 20;
const largestPDF = 64 << 20;

/** What reads the text of a file, by the ending of its name. @type {Record<string, (text: string, name: string) => Source[]>} */
const readers = {
  txt: readText,
  text: readText,
  md: readMarkdown,
  markdown: readMarkdown,
  html: readHTML,
  htm: readHTML,
  jsonl: readLines,
  ndjson: readLines,
  csv: readTable,
};

/**
 * Reads a file.
 *
 * @param {File} file
 * @param {import('./pdf.js').ReadOptions} [options]
 * @returns {Promise<Source[]>} one document, or one for each record
 */
export async function readFile(file, options = {}) {
  const ending = file.name.split('.').pop()?.toLowerCase() ?? '';
  const isPDF = ending === 'pdf' || file.type === 'application/pdf';
  const reader = readers[ending] ?? (file.type.startsWith('text/') ? readText : undefined);
  if (!reader && !isPDF) throw new Error(`${file.name}: expected text, Markdown, HTML, PDF, JSONL or CSV, found ${file.type || `a file ending in .${ending}`}`);
  const largest = isPDF ? largestPDF : largestFile;
  if (file.size > largest) throw new Error(`${file.name}: expected at most ${largest >> 20} MB, found ${Math.ceil(file.size / (1 << 20))} MB`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (!reader || isPDF) {
    const { title, ...rest } = await readPDF(bytes, file.name, options);
    return [{ title: title || withoutEnding(file.name), origin: file.name, ...rest }];
  }
  const text = decode(bytes);
  if (text.includes('\0')) throw new Error(`${file.name}: expected text, found bytes that are none`);
  const found = reader(text, file.name).filter((source) => source.blocks.some((block) => block.text.trim()));
  if (found.length === 0) throw new Error(`${file.name}: expected text, found none`);
  return found;
}

/**
 * Makes a document of pasted text. Its first line is its title if it is short.
 *
 * @param {string} text
 * @returns {Source}
 */
export function readPasted(text) {
  const first = text.trim().split('\n', 1)[0].trim();
  const title = first.length <= 80 ? first.replace(/^#+\s*/, '') : `${first.slice(0, 60).replace(/\s+\S*$/, '')} …`;
  return { ...readMarkdown(text, title)[0], title, origin: `pasted at ${new Date().toLocaleTimeString('en-GB')}` };
}

/**
 * The text of bytes: UTF-8, UTF-16 where a mark says so, and otherwise
 * Windows-1252.
 *
 * @param {Uint8Array} bytes
 */
function decode(bytes) {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/**
 * @param {string} text
 * @param {string} name
 * @returns {Source[]}
 */
function readText(text, name) {
  const blocks = paragraphs(text).map((text) => ({ heading: '', text }));
  return [{ title: withoutEnding(name), origin: name, blocks }];
}

/**
 * @param {string} text
 * @param {string} name
 * @returns {Source[]}
 */
function readMarkdown(text, name) {
  let title = '';
  text = text.replace(/^---\r?\n([\s\S]*?)\r?\n---\r?\n/, (_, front) => {
    title = /^title:\s*["']?(.*?)["']?\s*$/m.exec(front)?.[1] ?? '';
    return '';
  });
  /** @type {Block[]} */
  const blocks = [];
  let heading = '';
  for (const paragraph of paragraphs(text)) {
    const lines = paragraph.split('\n');
    const head = /^(#{1,6})\s+(.*?)\s*#*$/.exec(lines[0]);
    if (head) {
      heading = plain(head[2]);
      if (head[1].length === 1) {
        title ||= heading;
        heading = '';
      }
      lines.shift();
    }
    const words = plain(lines.filter((line) => !/^\s*(```|~~~|[|:\s-]+$)/.test(line)).join('\n'));
    if (words) blocks.push({ heading, text: words });
  }
  return [{ title: title || withoutEnding(name), origin: name, blocks }];
}

/**
 * Takes the marks out of Markdown.
 *
 * @param {string} text
 */
function plain(text) {
  return text
    .replace(/!?\[([^\]]*)\]\([^)\s]*(?:\s+"[^"]*")?\)/g, '$1')
    .replace(/(\*\*|__|`)(.+?)\1/g, '$2')
    .replace(/(^|[\s(])[*_](\S(?:.*?\S)?)[*_](?=[\s).,;:!?]|$)/gm, '$1$2')
    .replace(/^\s*[|]\s*(.*?)\s*[|]\s*$/gm, (_, /** @type {string} */ row) => row.split(/\s*[|]\s*/).join(', '))
    .replace(/^\s{0,3}(>|[-*+])\s+/gm, '')
    .trim();
}

/** Elements of a page that aren't part of what it says. */
const beside = 'title, script, style, template, noscript, nav, header nav, footer, aside, svg, form';

/** Elements that begin a paragraph of their own. */
const blockElements = 'h1, h2, h3, h4, h5, h6, p, li, pre, blockquote, td, th, dt, dd, figcaption, caption';

/**
 * @param {string} text
 * @param {string} name
 * @returns {Source[]}
 */
function readHTML(text, name) {
  // What is parsed in a template runs nothing and loads nothing.
  const template = document.createElement('template');
  template.innerHTML = text;
  const page = template.content;
  const title = [...page.querySelectorAll('title, h1')].map((part) => part.textContent?.trim()).find(Boolean) || withoutEnding(name);
  for (const part of page.querySelectorAll(beside)) part.remove();
  /** @type {Block[]} */
  const blocks = [];
  let heading = '';
  for (const part of page.querySelectorAll(blockElements)) {
    if (part.querySelector(blockElements)) continue;
    const words = (part.textContent ?? '').replace(/\s+/g, ' ').trim();
    if (/^H[1-6]$/.test(part.tagName)) heading = part.tagName === 'H1' ? '' : words;
    else if (words) blocks.push({ heading, text: words });
  }
  if (blocks.length === 0) return readText(page.textContent ?? '', name).map((source) => ({ ...source, title }));
  return [{ title, origin: name, blocks }];
}

/**
 * JSONL: a document a line, with a text and perhaps a title.
 *
 * @param {string} text
 * @param {string} name
 * @returns {Source[]}
 */
function readLines(text, name) {
  /** @type {Source[]} */
  const sources = [];
  text.split('\n').forEach((line, i) => {
    if (!line.trim()) return;
    let record;
    try {
      record = JSON.parse(line);
    } catch (error) {
      throw new Error(`${name}: line ${i + 1}: expected a JSON object, found what is none: ${/** @type {Error} */ (error).message}`);
    }
    const words = typeof record === 'string' ? record : record?.text ?? record?.body ?? record?.content;
    if (typeof words !== 'string') throw new Error(`${name}: line ${i + 1}: text: expected a string, found ${words === undefined ? 'none' : typeof words}`);
    const title = typeof record.title === 'string' && record.title ? record.title : `${withoutEnding(name)}, line ${i + 1}`;
    sources.push({ title, origin: name, blocks: paragraphs(words).map((text) => ({ heading: '', text })) });
  });
  return sources;
}

/**
 * CSV: the first line names the columns, a document for each of the others.
 *
 * @param {string} text
 * @param {string} name
 * @returns {Source[]}
 */
function readTable(text, name) {
  const [columns, ...rows] = records(text);
  if (!columns) return [];
  const titled = Math.max(0, columns.findIndex((column) => /^(title|name)$/i.test(column.trim())));
  return rows.map((row, i) => {
    const words = row.map((cell) => cell.trim()).filter((cell) => /\p{L}/u.test(cell));
    const sentences = words.map((cell) => (/[.!?]$/.test(cell) ? cell : `${cell}.`)).join(' ');
    return { title: row[titled]?.trim() || `${withoutEnding(name)}, row ${i + 2}`, origin: name, blocks: [{ heading: '', text: sentences }] };
  });
}

/**
 * The records of a CSV, RFC 4180.
 *
 * @param {string} text
 * @returns {string[][]}
 */
function records(text) {
  /** @type {string[][]} */
  const rows = [];
  let row = [];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    row.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    if (row.length > 1 || row[0]) rows.push(row);
    row = [];
  }
  return rows;
}

/**
 * Part of a document's text as it is shown: without the marks of headings, and
 * without empty lines.
 *
 * @param {string} text
 */
export function unmarked(text) {
  return text.replace(/(^|\n)#{1,6} /g, '$1').replace(/\n\s*\n/g, '\n');
}

/** @param {string} text */
function paragraphs(text) {
  return text.replace(/\r\n?/g, '\n').split(/\n\s*\n|\n(?=#{1,6}\s)/).map((part) => part.trim()).filter(Boolean);
}

/** @param {string} name */
function withoutEnding(name) {
  return name.replace(/\.[^.]*$/, '') || name;
}
