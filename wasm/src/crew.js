// The workers of a model: each has a program with the same model open in it.

import { Engine } from './engine.js';

/** Bytes that go from one worker to another at a time. */
const pieceSize = 4 << 20;

/** From this size on, in bytes, a file is the weights. */
const large = 1 << 20;

export class Crew {
  /** The first has the model's files for others to copy. @type {Engine[]} */
  engines;
  /** The description of the model. @type {any} */
  info;
  #order;
  /** @type {{ name: string, size: number }[]} */
  #files = [];
  /** The instruction set that all use. */
  #kernels = '';

  /**
   * @param {Engine} first
   * @param {import('./load.js').Order} order
   */
  constructor(first, order) {
    this.engines = [first];
    this.#order = order;
  }

  /**
   * Starts workers and loads a model into them: into the first, from which the others
   * copy it.
   *
   * @param {import('./program.js').Program} program
   * @param {import('./load.js').Order} order
   * @param {object} options
   * @param {(size: number) => number} options.count how many workers there are to be for a model of so many bytes
   * @param {(event: import('./toller.js').LoadProgress) => void} [options.progress]
   * @param {AbortSignal} [options.signal]
   * @returns {Promise<Crew>}
   */
  static async start(program, order, { count, progress, signal }) {
    const first = await Engine.start(program, signal);
    const crew = new Crew(first, order);
    /** @type {Promise<Engine>[] | undefined} */
    let others;
    // They start as soon as the size is known, while the first loads.
    const startOthers = (/** @type {number} */ size) => {
      others ??= Array.from({ length: count(size) - 1 }, () => Engine.start(program, signal));
    };
    const event = (/** @type {import('./toller.js').LoadProgress} */ event) => {
      if (event.total && event.total >= large) startOthers(event.total);
      progress?.(event);
    };
    try {
      const { name, warnings } = await first.call('kernels.choose', {}, { signal });
      crew.#kernels = name;
      await crew.#load(signal, event, warnings);
      startOthers(crew.#files.reduce((sum, file) => sum + file.size, 0));
      progress?.({ phase: 'open', file: order.name });
      crew.info = await crew.#openAll(others ?? [], signal).catch(async (error) => {
        // What was kept of a model may have been damaged: once more, from where it came.
        if (!(await first.call('forget'))) throw error;
        await crew.#load(signal, event, warnings);
        return crew.#openAll(others ?? [], signal);
      });
      crew.info.warnings = [...(crew.info.warnings ?? []), ...warnings];
      crew.engines.push(...(await Promise.all(others ?? [])));
      return crew;
    } catch (error) {
      first.close();
      for (const other of others ?? []) other.then((engine) => engine.close()).catch(() => {});
      throw error;
    }
  }

  /**
   * Has the first worker load the files.
   *
   * @param {AbortSignal | undefined} signal
   * @param {(event: any) => void} event
   * @param {string[]} warnings gets more
   */
  async #load(signal, event, warnings) {
    /** @type {import('./load.js').Loaded} */
    const loaded = await this.engines[0].call('load', this.#order, { signal, event });
    this.#files = loaded.files;
    warnings.push(...loaded.warnings);
  }

  /**
   * Opens the model in all workers at the same time.
   *
   * @param {Promise<Engine>[]} others
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>} its description
   */
  async #openAll(others, signal) {
    // The copies come first: a worker that opens a model is busy.
    const engines = await Promise.all(others);
    await Promise.all(engines.map((engine) => this.#copy(engine, signal)));
    const [info] = await Promise.all([this.engines[0], ...engines].map((engine) => this.#open(engine, signal)));
    return info;
  }

  /**
   * Copies the files from the first worker to another.
   *
   * @param {Engine} to
   * @param {AbortSignal} [signal]
   */
  async #copy(to, signal) {
    for (const { name, size } of this.#files) {
      await to.call('files.create', { name, size }, { signal });
      for (let offset = 0; offset < size; offset += pieceSize) {
        const bytes = await this.engines[0].call('files.read', { name, offset, length: pieceSize }, { signal });
        await to.call('files.append', { name, bytes }, { signal, transfer: [bytes.buffer] });
      }
    }
  }

  /**
   * Opens the model in a worker that has the files.
   *
   * @param {Engine} engine
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>} its description
   */
  async #open(engine, signal) {
    const { name, packed, options } = this.#order;
    await engine.call('kernels.use', { name: this.#kernels }, { signal });
    const info = await engine.call('model.open', { name, packed: packed !== undefined, ...options }, { signal });
    if (engine !== this.engines[0]) await engine.call('files.release', {}, { signal });
    return JSON.parse(info);
  }

  /**
   * Starts one more worker with the model, which isn't one of the engines.
   *
   * @param {import('./program.js').Program} program which may be another one, as long as it can do the same
   * @param {AbortSignal} [signal]
   * @param {() => any} [create] makes the worker
   * @returns {Promise<Engine>}
   */
  async add(program, signal, create) {
    const engine = await Engine.start(program, signal, create);
    try {
      await this.#copy(engine, signal);
      await this.#open(engine, signal);
      return engine;
    } catch (error) {
      engine.close();
      throw error;
    }
  }

  /** Ends the workers. */
  close() {
    for (const engine of this.engines) engine.close();
  }
}
