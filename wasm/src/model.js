// An open model.

import { Index } from './index.js';
import { program } from './program.js';
import { spread } from './spread.js';

/**
 * A range of a text, in UTF-16 code units: text.slice(start, end).
 *
 * @typedef {{ start: number, end: number }} Span
 */

/**
 * What a vector stands for.
 *
 * @typedef {object} Token
 * @property {number[]} ids vocabulary ids: one, or those of all members of a pooled vector
 * @property {string} [name] what isn't in the text: "[CLS]", "[MASK]", "prompt" and the like
 * @property {Span[]} [spans] where it is in the text
 */

/**
 * A vector of the query and the document's vector that is most like it.
 *
 * @typedef {object} Match
 * @property {Token} query
 * @property {Token} document
 * @property {number} index of the document's vector
 * @property {number} similarity the dot product of the two
 * @property {number} share of the score; all shares add up to 1
 */

/**
 * Where a score comes from.
 *
 * @typedef {object} Evidence
 * @property {number} score
 * @property {number} mean
 * @property {Match[]} matches one for each vector of the query, in order
 * @property {(Span & { weight: number })[]} highlights the parts of the text that the query's words match, with their share of the score
 * @property {Span} passage the passage with the largest share of the score
 */

/**
 * A document of a ranking.
 *
 * @typedef {object} Hit
 * @property {number} index in the documents given
 * @property {number} score the sum over the query's vectors of their best similarity
 * @property {number} mean the score divided by the number of the query's vectors, from −1 to 1
 * @property {boolean} truncated whether the document was longer than the length it was cut at
 * @property {Evidence} [evidence] if explain was asked for
 */

/**
 * A text as vectors.
 *
 * @typedef {object} Encoded
 * @property {Float32Array} vectors [tokens.length, dim], row-major
 * @property {number} dim
 * @property {Token[]} tokens what each vector stands for
 * @property {boolean} truncated whether the text was longer than the length it was cut at
 */

/**
 * @typedef {object} EncodeOptions
 * @property {AbortSignal} [signal]
 * @property {(done: number, total: number) => void} [progress]
 * @property {number} [maxTokens] tokens at which documents are cut, in place of the model's length
 * @property {number} [poolFactor] one vector is left of so many; 1 for no pooling
 */

/**
 * @typedef {object} RankExtras
 * @property {number} [k] how many of the best hits there are; all if this is left out
 * @property {boolean} [explain] whether hits come with evidence
 * @property {number} [passage] most bytes that the passage of the evidence has, in UTF-8
 *
 * @typedef {EncodeOptions & RankExtras} RankOptions
 */

/** A model that is open. Its methods can be called side by side. */
export class Model {
  /**
   * @internal
   * @type {import('./crew.js').Crew}
   */
  crew;
  /** Those that are open. @type {Set<Index>} */
  #indexes = new Set();

  /**
   * @internal
   * @param {import('./crew.js').Crew} crew
   */
  constructor(crew) {
    this.crew = crew;
  }

  /** @returns {import('./engine.js').Engine[]} */
  get #engines() {
    return this.crew.engines;
  }

  /** The model's description, as `toller info --json` gives it, and the number of workers. */
  info() {
    return { ...structuredClone(this.crew.info), workers: this.#engines.length };
  }

  /**
   * Ranks documents by how well they answer a query: best first, equal scores in the
   * order given.
   *
   * @param {string} query
   * @param {string[]} documents
   * @param {RankOptions} [options]
   * @returns {Promise<Hit[]>}
   */
  async rank(query, documents, options = {}) {
    checkText('query', query);
    checkTexts('documents', documents);
    const { k, explain = false, passage, ...rest } = options;
    if (k !== undefined && (!Number.isInteger(k) || k < 0)) throw new Error(`toller: k: expected a whole number from 0 on, found ${k}`);
    /** @type {(Hit & { evidence?: any })[]} */
    let hits = [];
    const most = k || documents.length;
    await this.#each(documents, rest, async (call, indices) => {
      const texts = indices.map((i) => documents[i]);
      const found = await call('model.score', { query, documents: texts, explain, passage });
      indices.forEach((index, i) => {
        hits.push({ index, score: found.scores[i], mean: found.means[i], truncated: found.truncated[i], evidence: found.evidence?.[i] });
      });
      if (explain && hits.length > 2 * most) hits = best(hits, most); // lets go of the others' evidence
    });
    hits = best(hits, most);
    for (const hit of hits) {
      if (explain) hit.evidence = parse(hit.evidence);
      else delete hit.evidence;
    }
    return hits;
  }

  /**
   * Explains the score of a document by a query, token by token.
   *
   * @param {string} query
   * @param {string} document
   * @param {{ signal?: AbortSignal, maxTokens?: number, poolFactor?: number, passage?: number }} [options]
   * @returns {Promise<Evidence>}
   */
  async explain(query, document, { signal, maxTokens, poolFactor, passage } = {}) {
    checkText('query', query);
    checkText('document', document);
    return parse(await this.#engines[0].call('model.explain', { query, document, maxTokens, poolFactor, passage }, { signal }));
  }

  /**
   * Encodes documents: a vector for each token.
   *
   * @overload
   * @param {string[]} texts
   * @param {EncodeOptions} [options]
   * @returns {Promise<Encoded[]>}
   */
  /**
   * Encodes one document.
   *
   * @overload
   * @param {string} texts
   * @param {EncodeOptions} [options]
   * @returns {Promise<Encoded>}
   */
  /**
   * @param {string | string[]} texts
   * @param {EncodeOptions} [options]
   * @returns {Promise<Encoded | Encoded[]>}
   */
  async encode(texts, options = {}) {
    if (typeof texts === 'string') return (await this.encode([texts], options))[0];
    checkTexts('texts', texts);
    /** @type {Encoded[]} */
    const list = new Array(texts.length);
    await this.#each(texts, options, async (call, indices) => {
      const found = await call('model.encode', { texts: indices.map((i) => texts[i]) });
      indices.forEach((index, i) => (list[index] = { ...found[i], tokens: JSON.parse(found[i].tokens) }));
    });
    return list;
  }

  /**
   * Encodes a query, which models do in another way than documents.
   *
   * @param {string} text
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<Encoded>}
   */
  async encodeQuery(text, { signal } = {}) {
    checkText('query', text);
    const [found] = await this.#engines[0].call('model.encode', { texts: [text], query: true }, { signal });
    return { ...found, tokens: JSON.parse(found.tokens) };
  }

  /**
   * Opens the index of that name, which the browser keeps, and makes it if there is
   * none.
   *
   * @param {string} name
   * @param {import('./index.js').IndexOptions} [options]
   * @returns {Promise<Index>}
   */
  async openIndex(name, options = {}) {
    const { info } = this.crew;
    /** @type {import('./index.js').Encoder} */
    const encoder = {
      name: info.name,
      fingerprint: info.fingerprint,
      pools: info.pooling?.documents === true,
      start: async (url, create, signal) => this.crew.add(await program(url), signal, create),
      marshal: async (texts, options) => {
        const list = new Array(texts.length);
        await this.#each(texts, options, async (call, indices) => {
          const encoded = await call('model.marshal', { texts: indices.map((i) => texts[i]) });
          indices.forEach((index, i) => (list[index] = encoded[i]));
        });
        return list;
      },
    };
    const index = await Index.open(encoder, name, options, () => this.#indexes.delete(index));
    this.#indexes.add(index);
    return index;
  }

  /** Ends the workers, which gives all memory back. Calls under way are rejected, and so are later ones. Indexes are closed, after writes that are under way. */
  close() {
    for (const index of this.#indexes) index.close().catch(() => {});
    this.crew.close();
  }

  /**
   * Has the workers share texts.
   *
   * @param {string[]} texts
   * @param {EncodeOptions} options
   * @param {(call: (method: string, args: object) => Promise<any>, indices: number[]) => Promise<void>} run
   */
  async #each(texts, { signal, progress, maxTokens, poolFactor }, run) {
    signal?.throwIfAborted();
    // One worker's failure stops the others too.
    const stop = new AbortController();
    const abort = () => stop.abort(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    let done = 0;
    try {
      await spread(texts, this.#engines.length, async (worker, indices) => {
        const engine = this.#engines[worker];
        await run((method, args) => engine.call(method, { ...args, maxTokens, poolFactor }, { signal: stop.signal }), indices);
        done += indices.length;
        progress?.(done, texts.length);
      });
    } catch (error) {
      stop.abort(error);
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }
}

/**
 * Parses evidence. Its numbers were float32 and are written with as many digits as
 * that needs.
 *
 * @param {string} text
 * @returns {Evidence}
 */
function parse(text) {
  return JSON.parse(text, (_, value) => (typeof value === 'number' && !Number.isInteger(value) ? Math.fround(value) : value));
}

/**
 * The most best of the hits, best first.
 *
 * @template {Hit} H
 * @param {H[]} hits
 * @param {number} most
 * @returns {H[]}
 */
function best(hits, most) {
  return hits.sort((a, b) => b.score - a.score || a.index - b.index).slice(0, most);
}

/**
 * @param {string} name
 * @param {any} text
 */
function checkText(name, text) {
  if (typeof text !== 'string') throw new TypeError(`toller: ${name}: expected a string, found ${text === null ? 'null' : typeof text}`);
}

/**
 * @param {string} name
 * @param {any} texts
 */
function checkTexts(name, texts) {
  if (!Array.isArray(texts)) throw new TypeError(`toller: ${name}: expected an array of strings, found ${texts === null ? 'null' : typeof texts}`);
  texts.forEach((text, i) => checkText(`${name}[${i}]`, text));
}
