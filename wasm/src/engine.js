// A worker as the page sees it: calls that are promises.

/**
 * @typedef {object} CallOptions
 * @property {AbortSignal} [signal]
 * @property {Transferable[]} [transfer] what of the arguments goes over without a copy
 * @property {(event: any) => void} [event] called with what the worker reports meanwhile
 */

/** @typedef {{ resolve: (result: any) => void, reject: (error: any) => void, event?: (event: any) => void }} Pending */

export class Engine {
  /** @type {any} */
  #worker;
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  #numbers = 0;
  /** Why it can't be called any more. @type {Error | undefined} */
  #over;

  /** @param {any} worker */
  constructor(worker) {
    this.#worker = worker;
    const failed = (/** @type {any} */ event) => {
      const what = event?.message ?? event?.error?.message;
      this.#end(new Error(`toller: a worker failed${what ? `: ${what}` : ': it could not be loaded'}`));
    };
    if (typeof worker.on === 'function') {
      worker.on('message', (/** @type {any} */ data) => this.#receive(data));
      worker.on('error', failed);
      worker.on('exit', () => this.#end(new Error('toller: a worker has ended')));
    } else {
      worker.onmessage = (/** @type {MessageEvent} */ event) => this.#receive(event.data);
      worker.onerror = (/** @type {any} */ event) => {
        event.preventDefault?.();
        failed(event);
      };
      worker.onmessageerror = failed;
    }
  }

  /**
   * Starts a worker with a program in it.
   *
   * @param {import('./program.js').Program} program
   * @param {AbortSignal} [signal]
   * @param {() => any} [create] makes the worker
   * @returns {Promise<Engine>}
   */
  static async start(program, signal, create = createWorker) {
    const engine = new Engine(create());
    try {
      await engine.call('start', program, { signal });
    } catch (error) {
      engine.close();
      throw error;
    }
    return engine;
  }

  /**
   * Calls a method. An aborted call rejects at once, with the signal's reason; the
   * worker stops at its next opportunity.
   *
   * @param {string} method
   * @param {object} [args]
   * @param {CallOptions} [options]
   * @returns {Promise<any>}
   */
  call(method, args = {}, { signal, transfer, event } = {}) {
    if (this.#over) return Promise.reject(this.#over);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const number = ++this.#numbers;
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#worker.postMessage({ number, cancel: true });
        this.#settle(number)?.reject(signal?.reason);
      };
      const done = () => signal?.removeEventListener('abort', abort);
      this.#pending.set(number, {
        resolve: (result) => (done(), resolve(result)),
        reject: (error) => (done(), reject(error)),
        event,
      });
      if (this.#pending.size === 1) this.#worker.ref?.();
      signal?.addEventListener('abort', abort, { once: true });
      try {
        this.#worker.postMessage({ number, method, args }, transfer);
      } catch (error) {
        this.#settle(number)?.reject(error);
      }
    });
  }

  /** Ends the worker, which gives its memory back. Calls under way are rejected. */
  close() {
    this.#end(new Error('toller: closed already'));
  }

  /** @param {any} message */
  #receive({ number, result, error, event, ended }) {
    if (ended) {
      this.#end(revive(ended));
    } else if (event !== undefined) {
      this.#pending.get(number)?.event?.(event);
    } else if (error) {
      this.#settle(number)?.reject(revive(error));
    } else {
      this.#settle(number)?.resolve(result);
    }
  }

  /**
   * Takes a call off the list.
   *
   * @param {number} number
   * @returns {Pending | undefined}
   */
  #settle(number) {
    const pending = this.#pending.get(number);
    this.#pending.delete(number);
    // An idle worker doesn't keep a Node program running.
    if (this.#pending.size === 0) this.#worker.unref?.();
    return pending;
  }

  /** @param {Error} error */
  #end(error) {
    if (this.#over) return;
    this.#over = error;
    this.#worker.terminate();
    for (const number of [...this.#pending.keys()]) this.#settle(number)?.reject(error);
  }
}

/**
 * Makes an error of what a worker said.
 *
 * @param {{ name: string, message: string, details: string }} plain
 * @returns {Error}
 */
function revive({ name, message, details }) {
  const error = new Error(message.startsWith('toller: ') ? message : `toller: ${message}`, details ? { cause: details } : undefined);
  error.name = name;
  return error;
}

/** @returns {any} */
function createWorker() {
  if (typeof Worker === 'function') {
    // Bundlers look for this very form.
    return new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'toller' });
  }
  const node = /** @type {any} */ (globalThis).process?.getBuiltinModule?.('node:worker_threads');
  if (!node) throw new Error('toller: there are no workers here: expected Worker or node:worker_threads, found neither');
  // What Node itself was started with, such as a program on its command line, is not for the worker.
  return new node.Worker(new URL('./worker.js', import.meta.url), { execArgv: [] });
}
