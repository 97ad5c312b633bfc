// The documents that are searched: an index that the browser keeps.

import { deleteIndex } from 'toller';

import { interact, kindOf, marks } from './interaction.js';

/**
 * @typedef {import('toller').Model} Model
 * @typedef {import('toller').Index} Index
 * @typedef {Awaited<ReturnType<Index['search']>>[number]} Result
 * @typedef {import('./read.js').Source} Source
 *
 * @typedef {object} Found the best passage of a document
 * @property {string} title
 * @property {string} origin
 * @property {string} heading
 * @property {string} text the title, and from textStart on the passage
 * @property {number} textStart
 * @property {number} mean similarity of the query's tokens to their best matches
 * @property {boolean} lexical whether the full text matches too
 * @property {import('./interaction.js').Mark[]} marks the words that answer the query
 * @property {() => Promise<import('./interaction.js').Interaction>} explain takes the score apart
 */

/** What the index is called. */
const name = 'demo';

/** Most tokens of a passage: few enough to be read at a glance. */
const passageTokens = 160;

export class Shelf {
  #model;
  #index;
  /** The keys of the documents, in the order in which they were added. @type {string[]} */
  keys = [];
  /** How many passages can be searched. */
  passages = 0;

  /**
   * @param {Model} model
   * @param {Index} index
   * @param {{ lasts: boolean, file?: string }} about whether the browser keeps it, and what file it is a look into
   */
  constructor(model, index, { lasts, file }) {
    this.#model = model;
    this.#index = index;
    this.lasts = lasts;
    this.file = file;
  }

  /**
   * Opens the documents that the browser keeps.
   *
   * @param {Model} model
   * @returns {Promise<Shelf>}
   */
  static async open(model) {
    return new Shelf(model, await model.openIndex(name, { passageTokens }), { lasts: true }).count();
  }

  /**
   * A shelf that lasts as long as the tab.
   *
   * @param {Model} model
   * @returns {Promise<Shelf>}
   */
  static async inMemory(model) {
    return new Shelf(model, await model.openIndex(name, { passageTokens, memory: true }), { lasts: false });
  }

  /**
   * Looks into an index that was made elsewhere, as by `toller index`.
   *
   * @param {Model} model
   * @param {File} file
   * @returns {Promise<Shelf>}
   */
  static async look(model, file) {
    return new Shelf(model, await model.openIndex(file.name, { memory: true, from: file }), { lasts: false, file: file.name }).count();
  }

  /** Forgets the documents that the browser keeps. */
  static forget() {
    return deleteIndex(name);
  }

  /**
   * Adds documents, in place of those from the same file that are called the same.
   * Those that are in when it is aborted stay.
   *
   * @param {Source[]} sources
   * @param {{ signal?: AbortSignal, progress?: (done: number, total: number) => void }} [options]
   */
  async add(sources, options) {
    const known = new Set();
    const documents = sources.map(({ title, origin, blocks }) => {
      let key = `${origin}${between}${title}`;
      for (let n = 2; known.has(key); n++) key = `${origin}${between}${title} (${n})`;
      known.add(key);
      const plain = blocks.every((block) => !block.heading);
      return { key, title, source: origin, text: textOf(blocks), plain };
    });
    try {
      await this.#index.put(documents, options);
    } finally {
      await this.count();
    }
  }

  /** @param {string[]} keys */
  async remove(keys) {
    await this.#index.delete(keys);
    await this.count();
  }

  /** The file of the index, which `toller search --index` opens. */
  save() {
    return this.#index.export();
  }

  close() {
    return this.#index.close();
  }

  /**
   * The documents that answer a query best, each with its best passage.
   *
   * @param {string} text
   * @param {{ k: number, words: boolean, signal?: AbortSignal }} options words for by full text too, not by meaning alone
   * @returns {Promise<Found[]>}
   */
  async search(text, { k, words, signal }) {
    const results = await this.#index.search(text, { k, signal, mode: words ? 'hybrid' : 'exact', perDocument: true, explain: true });
    return results.map((result) => this.#found(text, result));
  }

  /**
   * @param {string} query
   * @param {Result} result
   * @returns {Found}
   */
  #found(query, { key, title, source, heading, text, bm25, evidence }) {
    // What was encoded: the title, unless the passage begins with it, and the passage.
    const begins = text.replace(/^[# ]+/, '').startsWith(title.trim());
    const before = title.trim() && !begins ? `${title.trim()} ` : '';
    const all = before + text;
    const matches = evidence?.matches ?? [];
    const tokens = matches.map(({ document }) => {
      const moved = (document.spans ?? []).map(({ start, end }) => ({ start: start + before.length, end: end + before.length }));
      return { ...document, spans: before ? [.../** @type {any} */ (document).title_spans ?? [], ...moved] : moved };
    });
    const queryTokens = matches.map((match) => match.query);
    const answers = matches.map(({ similarity, share }, i) => ({ index: i, similarity, share, kind: kindOf(query, queryTokens[i], all, tokens[i]) }));
    return {
      title: title || nameOf(key),
      origin: source || key,
      heading: heading === title ? '' : heading,
      text: all,
      textStart: before.length,
      mean: evidence?.mean ?? 0,
      lexical: bm25 > 0,
      marks: marks({ query, queryTokens, text: all, tokens, answers }),
      explain: async () => interact(query, await this.#model.encodeQuery(query), all, await this.#model.encode(all)),
    };
  }

  /** Counts the documents, which other tabs may have changed. */
  async count() {
    this.keys = await this.#index.keys();
    this.passages = (await this.#index.status()).passages;
    return this;
  }
}

/** What stands in a key between where a document comes from and its title. */
const between = ' · ';

/**
 * What a document without a title is called.
 *
 * @param {string} key
 */
function nameOf(key) {
  return key.split(/[\\/]/).pop() || key;
}

/**
 * The title and the origin in a key. A key from elsewhere is all title.
 *
 * @param {string} key
 * @returns {{ title: string, origin: string }}
 */
export function partsOf(key) {
  const at = key.indexOf(between);
  return at < 0 ? { title: key, origin: '' } : { title: key.slice(at + between.length), origin: key.slice(0, at) };
}

/**
 * The text of a document, with its headings as in Markdown.
 *
 * @param {import('./read.js').Block[]} blocks
 */
function textOf(blocks) {
  let above = '';
  return blocks
    .map(({ heading, text }) => {
      const head = heading && heading !== above ? `## ${heading}\n\n` : '';
      above = heading;
      return head + text;
    })
    .join('\n\n');
}
