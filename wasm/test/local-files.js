// The files of the machine, for SQLite in tests. One process has a database at a
// time; nothing here finds out whether another does.

/** @implements {import('../src/sqlite-files.js').Files} */
export class LocalFiles {
  #fs;

  /** @param {typeof import('node:fs')} fs */
  constructor(fs) {
    this.#fs = fs;
  }

  /** @param {string} path @param {boolean} create @returns {import('../src/sqlite-files.js').OpenFile | null} */
  open(path, create) {
    const fs = this.#fs;
    let descriptor;
    try {
      descriptor = fs.openSync(path, create ? fs.constants.O_RDWR | fs.constants.O_CREAT : fs.constants.O_RDWR);
    } catch (err) {
      if (err.code === 'ENOENT' && !create) return null;
      throw err;
    }
    return {
      read: (into, { at }) => {
        let done = 0;
        while (done < into.length) {
          const n = fs.readSync(descriptor, into, done, into.length - done, at + done);
          if (n === 0) break;
          done += n;
        }
        return done;
      },
      write: (from, { at }) => {
        let done = 0;
        while (done < from.length) done += fs.writeSync(descriptor, from, done, from.length - done, at + done);
        return done;
      },
      truncate: (size) => fs.ftruncateSync(descriptor, size),
      getSize: () => fs.fstatSync(descriptor).size,
      flush: () => fs.fsyncSync(descriptor),
      close: () => fs.closeSync(descriptor),
    };
  }

  /** @param {any} file */
  close(file) {
    file.close();
  }

  /** @param {string} path */
  size(path) {
    return this.#fs.statSync(path, { throwIfNoEntry: false })?.size ?? -1;
  }

  /** @param {string} path */
  remove(path) {
    this.#fs.rmSync(path, { force: true });
  }
}
