// The documents that are searched, in memory: passages with their vectors.

import { interact, marks, meanMaxSim } from './interaction.js';
import { passages } from './passages.js';

/**
 * @typedef {import('toller').Model} Model
 * @typedef {import('toller').Encoded} Encoded
 * @typedef {import('./read.js').Source} Source
 *
 * @typedef {object} Kept a passage
 * @property {Item} item
 * @property {string} heading
 * @property {string} text the title, and from textStart on the passage
 * @property {number} textStart
 * @property {Encoded} encoded
 *
 * @typedef {object} Item a document on the shelf
 * @property {string} title
 * @property {string} origin
 *
 * @typedef {object} Found the best passage of a document
 * @property {string} title
 * @property {string} origin
 * @property {string} heading
 * @property {string} text the title, and from textStart on the passage
 * @property {number} textStart
 * @property {number} mean similarity of the query's tokens to their best matches
 * @property {import('./interaction.js').Mark[]} marks the words that answer the query
 * @property {() => Promise<import('./interaction.js').Interaction>} explain takes the score apart
 */

/** Most passages that are kept: 5,000 of 150 tokens are some 200 MB. */
const mostPassages = 5000;

/** Passages that are encoded at a time; between them they can be searched. */
const batch = 16;

/** How long a search keeps the page from doing anything else, in milliseconds. */
const slice = 8;

export class Shelf {
  #model;
  /** @type {Kept[]} */
  #kept = [];
  /** @type {Item[]} */
  items = [];

  /** @param {Model} model */
  constructor(model) {
    this.#model = model;
  }

  /** How many passages can be searched. */
  get size() {
    return this.#kept.length;
  }

  /**
   * Adds documents. Those that are in when it is aborted stay.
   *
   * @param {Source[]} sources
   * @param {{ signal?: AbortSignal, progress?: (done: number, total: number) => void }} [options]
   */
  async add(sources, { signal, progress } = {}) {
    const order = sources.flatMap((source) => {
      const item = { title: source.title, origin: source.origin };
      // A passage is read with the title of its document.
      return passages(source).map(({ heading, text }) => {
        const title = text.startsWith(source.title) ? '' : `${source.title} `;
        return { item, heading, text: title + text, textStart: title.length };
      });
    });
    if (this.size + order.length > mostPassages) {
      throw new Error(`expected at most ${mostPassages} passages in all, found ${this.size + order.length}: remove documents, or add fewer`);
    }
    progress?.(0, order.length);
    for (let i = 0; i < order.length; i += batch) {
      const part = order.slice(i, i + batch);
      const encoded = await this.#model.encode(part.map((passage) => passage.text), {
        signal,
        progress: (done) => progress?.(i + done, order.length),
      });
      signal?.throwIfAborted();
      part.forEach((passage, j) => {
        if (this.items.at(-1) !== passage.item) this.items.push(passage.item);
        this.#kept.push({ ...passage, encoded: encoded[j] });
      });
    }
  }

  /** @param {Item} item */
  remove(item) {
    this.items = this.items.filter((other) => other !== item);
    this.#kept = this.#kept.filter((passage) => passage.item !== item);
  }

  clear() {
    this.items = [];
    this.#kept = [];
  }

  /**
   * The documents that answer a query best, each with its best passage.
   *
   * @param {string} text
   * @param {{ k: number, signal?: AbortSignal }} options
   * @returns {Promise<Found[]>}
   */
  async search(text, { k, signal }) {
    const query = await this.#model.encodeQuery(text, { signal });
    /** @type {Map<Item, { passage: Kept, mean: number }>} */
    const best = new Map();
    let since = performance.now();
    for (const passage of this.#kept) {
      if (performance.now() - since > slice) {
        await new Promise((resolve) => setTimeout(resolve));
        signal?.throwIfAborted();
        since = performance.now();
      }
      const mean = meanMaxSim(query, passage.encoded);
      if (mean > (best.get(passage.item)?.mean ?? -Infinity)) best.set(passage.item, { passage, mean });
    }
    const order = [...best.values()].sort((a, b) => b.mean - a.mean).slice(0, k);
    return order.map(({ passage, mean }) => {
      const interaction = interact(text, query, passage.text, passage.encoded);
      const { title, origin } = passage.item;
      return { title, origin, heading: passage.heading, text: passage.text, textStart: passage.textStart, mean, marks: marks(interaction), explain: async () => interaction };
    });
  }
}
