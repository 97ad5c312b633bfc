// The Go program in a worker: started once, then called.

import '../dist/wasm_exec.js';
import { Kernels } from './kernels.js';

/**
 * @typedef {object} Runtime
 * @property {(number: number, method: string, args: object) => Promise<any>} call
 * @property {(number: number) => void} cancel
 * @property {Promise<never>} ended rejects if the program ends, which it does only when something is badly wrong
 */

/** How much of what the program says before it ends is kept, in characters. */
const lastWords = 4000;

/**
 * Starts the program.
 *
 * @param {import('./program.js').Program} program
 * @returns {Promise<Runtime>}
 */
export async function start({ module, kernels }) {
  const scope = /** @type {any} */ (globalThis);
  const go = new scope.Go();
  let said = '';
  const decoder = new TextDecoder();
  scope.fs.writeSync = (/** @type {number} */ _, /** @type {Uint8Array} */ bytes) => {
    said = (said + decoder.decode(bytes, { stream: true })).slice(-lastWords);
    return bytes.length;
  };
  /** @type {Promise<{call: Runtime['call'], cancel: Runtime['cancel']}>} */
  const ready = new Promise((resolve) => {
    scope.tollerReady = (/** @type {Runtime['call']} */ call, /** @type {Runtime['cancel']} */ cancel) => resolve({ call, cancel });
  });
  const beside = new Kernels(kernels);
  const instance = await WebAssembly.instantiate(module, { ...go.importObject, ...beside.imports });
  await beside.attach(/** @type {WebAssembly.Memory} */ (instance.exports.mem));
  const end = () => Promise.reject(new Error(`the program in the worker has ended: ${said.trim() || 'it said nothing'}`));
  /** @type {Promise<never>} */
  const ended = go.run(instance).then(end, end);
  return { ...(await Promise.race([ready, ended])), ended };
}
