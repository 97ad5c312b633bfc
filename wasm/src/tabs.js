// One index, many tabs: one of them has the file, the others ask it. When it goes,
// another one takes over.
//
// Who has the file is whoever holds a lock of the index's name (Web Locks). Whoever
// wants it keeps asking for the lock, so that there is a successor.

/**
 * Takes a lock, which is kept until the function that this returns is called.
 *
 * @param {string} name
 * @param {LockOptions} options
 * @returns {Promise<(() => void) | undefined>} undefined if somebody else has it and the options say not to wait
 */
export function lock(name, options) {
  return new Promise((resolve, reject) => {
    const held = (/** @type {Lock | null} */ lock) => {
      if (!lock) return resolve(undefined);
      return new Promise((release) => resolve(() => release(undefined)));
    };
    navigator.locks.request(`toller-index/${name}`, options, held).catch(reject);
  });
}

/**
 * A call that another tab was asked to answer.
 *
 * @typedef {object} Pending
 * @property {string} method
 * @property {any} args
 * @property {boolean} progress
 * @property {(result: any) => void} resolve
 * @property {(error: any) => void} reject
 * @property {(event: any[]) => void} event
 */

/** What answers calls: a shelf. @typedef {(method: string, args: any, options: { signal?: AbortSignal, progress?: (...event: any[]) => void }) => Promise<any>} Answer */

/** The tabs that have one index open, as one of them sees them. */
export class Tabs {
  #channel;
  #self = crypto.randomUUID();
  #calls = 0;
  /** Calls that another tab was asked for. @type {Map<number, Pending>} */
  #pending = new Map();
  /** Calls of others that are under way here, by tab and number. @type {Map<string, AbortController>} */
  #serving = new Map();
  /** What answers, once this tab has the file. @type {Promise<Answer> | undefined} */
  #answer;
  #leaving = new AbortController();
  /** Whether this tab is about to let go of the file, so that others' calls are for the next one. */
  #retired = false;
  /** Why nothing works here any more. @type {any} */
  #failure;

  /** @param {string} name of the index */
  constructor(name) {
    this.name = name;
    this.#channel = new BroadcastChannel(`toller-index/${name}`);
    this.#channel.onmessage = ({ data }) => this.#receive(data);
  }

  /**
   * Takes the file, now or when nobody else has it any more.
   *
   * @param {(first: boolean) => Promise<Answer>} open opens the file; first says that this is at once
   * @param {(release: () => void) => void} owning is told how to let go of the file
   * @returns {Promise<boolean>} whether this tab has it now
   */
  async join(open, owning) {
    const release = await lock(this.name, { ifAvailable: true });
    if (release) {
      await this.#own(open(true), release, owning);
      return true;
    }
    lock(this.name, { signal: this.#leaving.signal }).then(
      async (release) => {
        if (!release) return;
        if (this.#leaving.signal.aborted) return release();
        await this.#own(open(false), release, owning).catch((error) => {
          this.#failure = error;
          for (const [number, pending] of this.#pending) {
            this.#pending.delete(number);
            pending.reject(error);
          }
        });
      },
      () => {}, // this tab has left before its turn came
    );
    return false;
  }

  /**
   * @param {Promise<Answer>} answer
   * @param {() => void} release
   * @param {(release: () => void) => void} owning
   */
  async #own(answer, release, owning) {
    this.#answer = answer;
    try {
      await answer;
    } catch (error) {
      this.#answer = undefined;
      release();
      throw error;
    }
    owning(release);
    this.#channel.postMessage({ owner: true });
    this.#again();
  }

  /**
   * Calls a method, wherever the file is.
   *
   * @param {string} method
   * @param {any} args
   * @param {{ signal?: AbortSignal, progress?: (...event: any[]) => void }} options
   * @returns {Promise<any>}
   */
  async call(method, args, { signal, progress }) {
    signal?.throwIfAborted();
    if (this.#failure) throw this.#failure;
    if (this.#answer) return (await this.#answer)(method, args, { signal, progress });
    const number = ++this.#calls;
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#pending.delete(number);
        this.#channel.postMessage({ from: this.#self, number, abort: true });
        reject(signal?.reason);
      };
      const done = () => signal?.removeEventListener('abort', abort);
      signal?.addEventListener('abort', abort, { once: true });
      this.#pending.set(number, {
        method,
        args,
        progress: progress !== undefined,
        resolve: (result) => (done(), resolve(result)),
        reject: (error) => (done(), reject(error)),
        event: (event) => progress?.(...event),
      });
      try {
        this.#channel.postMessage({ from: this.#self, number, method, args, progress: progress !== undefined });
      } catch (error) {
        this.#pending.delete(number);
        done();
        reject(error);
      }
    });
  }

  /** Answers no more calls of others: they wait for the next tab that has the file. */
  retire() {
    this.#retired = true;
  }

  /** Calls under way that another tab had are rejected. */
  leave() {
    this.#leaving.abort();
    this.#channel.close();
    for (const pending of this.#pending.values()) pending.reject(new Error('toller: closed already'));
    this.#pending.clear();
    for (const controller of this.#serving.values()) controller.abort();
  }

  /** The tab that had the file is gone: its calls are another one's now. */
  #again() {
    for (const [number, pending] of [...this.#pending]) {
      if (pending.method === 'add') {
        // Whether the other tab has stored some of it, nobody knows.
        this.#pending.delete(number);
        pending.reject(new Error(`toller: index "${this.name}": the tab that was adding has been closed: what was added until then is stored; put does what is left`));
      } else if (this.#answer) {
        this.#pending.delete(number);
        this.#answer
          .then((answer) => answer(pending.method, pending.args, { progress: pending.progress ? (...event) => pending.event(event) : undefined }))
          .then(pending.resolve, pending.reject);
      } else {
        this.#channel.postMessage({ from: this.#self, number, method: pending.method, args: pending.args, progress: pending.progress });
      }
    }
  }

  /** @param {any} data */
  async #receive(data) {
    if (data.owner) return this.#again();
    if (data.to !== undefined) {
      const pending = data.to === this.#self && this.#pending.get(data.number);
      if (!pending) return;
      if (data.event) return pending.event(data.event);
      this.#pending.delete(data.number);
      if (data.error) pending.reject(Object.assign(new Error(data.error.message), data.error));
      else pending.resolve(data.result);
      return;
    }
    if (!this.#answer || this.#retired) return;
    const { from, number, method, args, progress, abort } = data;
    const id = `${from} ${number}`;
    if (abort) return this.#serving.get(id)?.abort();
    const controller = new AbortController();
    this.#serving.set(id, controller);
    const reply = (/** @type {object} */ what) => {
      if (!this.#leaving.signal.aborted) this.#channel.postMessage({ to: from, number, ...what });
    };
    try {
      const answer = await this.#answer;
      const result = await answer(method, args, {
        signal: controller.signal,
        progress: progress ? (/** @type {any[]} */ ...event) => reply({ event }) : undefined,
      });
      reply({ result });
    } catch (/** @type {any} */ error) {
      reply({ error: { name: error?.name ?? 'Error', message: error?.message ?? String(error), ...(error?.stored === undefined ? {} : { stored: error.stored }) } });
    } finally {
      this.#serving.delete(id);
    }
  }
}
