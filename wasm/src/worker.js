// What runs in a worker: the Go program, and the loading of models into its
// memory. It answers the calls of engine.js, its other half.

import { Cache } from './cache.js';
import { Loading } from './load.js';
import { start } from './runtime.js';

/** @type {any} */
const scope = globalThis;

// In Node a worker talks through its parent's port, everywhere else by itself.
/** @type {any} */
const port = typeof scope.postMessage === 'function' ? scope : scope.process.getBuiltinModule('node:worker_threads').parentPort;

/** @type {import('./runtime.js').Runtime} */
let runtime;

/** The last that was loaded. @type {Loading} */
let loading;

/** Calls that are under way here and not in Go. @type {Map<number, AbortController>} */
const here = new Map();

/**
 * What the page's side can call beside the program's own methods.
 *
 * @type {Record<string, (args: any, number: number) => Promise<any>>}
 */
export const methods = {
  async start(program) {
    runtime = await start(program);
    runtime.ended.catch((error) => port.postMessage({ ended: plain(error) }));
  },
  async load(args, number) {
    const controller = new AbortController();
    here.set(number, controller);
    try {
      const cache = args.cache ? await Cache.open() : undefined;
      const requests = { headers: args.headers, signal: controller.signal };
      loading = new Loading(call, cache, (event) => port.postMessage({ number, event }), requests);
      return await loading.all(args);
    } finally {
      here.delete(number);
    }
  },
  async forget() {
    return loading.forget();
  },
};

let inner = 0;

/**
 * Calls a method of the program on the worker's own account.
 *
 * @param {string} method
 * @param {object} args
 * @returns {Promise<any>}
 */
const call = (method, args) => runtime.call(--inner, method, args);

/**
 * An error as it crosses to the page.
 *
 * @param {any} error
 */
function plain(error) {
  return { name: String(error?.name ?? 'Error'), message: String(error?.message ?? error), details: String(error?.details ?? error?.stack ?? '') };
}

/** @param {any} message */
async function receive({ number, method, args, cancel }) {
  if (cancel) {
    here.get(number)?.abort();
    runtime?.cancel(number);
    return;
  }
  try {
    const result = await (methods[method] ? methods[method](args, number) : runtime.call(number, method, args));
    port.postMessage({ number, result }, transferable(result));
  } catch (error) {
    port.postMessage({ number, error: plain(error) });
  }
}

/**
 * The buffers in a result, which go over without a copy.
 *
 * @param {any} result
 * @returns {ArrayBuffer[]}
 */
function transferable(result) {
  /** @type {ArrayBuffer[]} */
  const buffers = [];
  const look = (/** @type {any} */ value) => {
    if (ArrayBuffer.isView(value)) buffers.push(/** @type {ArrayBuffer} */ (value.buffer));
    else if (Array.isArray(value)) value.forEach(look);
    else if (value && typeof value === 'object') Object.values(value).forEach(look);
  };
  look(result);
  return buffers;
}

if (port === scope) scope.onmessage = (/** @type {MessageEvent} */ event) => receive(event.data);
else port.on('message', receive);
