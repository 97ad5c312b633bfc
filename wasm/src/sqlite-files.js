// Where SQLite keeps its files: a virtual file system of SQLite over files that
// can be read and written without waiting: OPFS's synchronous access handles in a
// browser's worker, or memory.

/**
 * An open file. OPFS's FileSystemSyncAccessHandle is one.
 * @typedef {object} OpenFile
 * @property {(into: Uint8Array<ArrayBuffer>, options: {at: number}) => number} read bytes read, fewer at the end of the file
 * @property {(from: Uint8Array<ArrayBuffer>, options: {at: number}) => number} write bytes written
 * @property {(size: number) => void} truncate
 * @property {() => number} getSize
 * @property {() => void} flush returns when what was written is on the disk
 */

/**
 * The files that SQLite may open, by absolute path.
 * @typedef {object} Files
 * @property {(path: string, create: boolean) => OpenFile | null} open null where there is none
 * @property {(file: OpenFile) => void} close
 * @property {(path: string) => number} size in bytes, -1 where there is none
 * @property {(path: string) => void} remove
 */

/**
 * Files of OPFS, each opened before SQLite asks for it, since opening one there
 * takes waiting. They stay open, and this worker's alone, until `release`.
 *
 * A log or journal that SQLite has removed is an empty file: to SQLite both
 * mean the same, and removing takes waiting too.
 * @implements {Files}
 */
export class HeldFiles {
  /** @type {Map<string, FileSystemSyncAccessHandle>} */
  #held = new Map();

  /**
   * Opens the files of a database of that name in a folder, for SQLite at
   * `/folder/name`. It fails with a NoModificationAllowedError where another
   * worker holds them.
   * @param {FileSystemDirectoryHandle} folder
   * @param {string} path of the database, as SQLite is to know it
   */
  async hold(folder, path) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    /** @type {[string, FileSystemSyncAccessHandle][]} */
    const opened = [];
    try {
      for (const suffix of ['', '-journal', '-wal']) {
        const file = await folder.getFileHandle(name + suffix, { create: true });
        opened.push([path + suffix, await file.createSyncAccessHandle()]);
      }
    } catch (err) {
      for (const [, handle] of opened) handle.close();
      throw err;
    }
    for (const [path, handle] of opened) this.#held.set(path, handle);
  }

  /**
   * Closes the files of a database, so that others can open them.
   * @param {string} path
   */
  release(path) {
    for (const suffix of ['', '-journal', '-wal']) {
      this.#held.get(path + suffix)?.close();
      this.#held.delete(path + suffix);
    }
  }

  /** @param {string} path @param {boolean} create */
  open(path, create) {
    return create || this.size(path) >= 0 ? this.#held.get(path) ?? null : null;
  }

  close() {}

  /** @param {string} path */
  size(path) {
    return this.#held.get(path)?.getSize() || -1;
  }

  /** @param {string} path */
  remove(path) {
    const handle = this.#held.get(path);
    handle?.truncate(0);
    handle?.flush();
  }
}

/**
 * Files in memory, for where there is no other place, and for an index that nobody
 * wants to keep.
 * @implements {Files}
 */
export class MemoryFiles {
  /** @type {Map<string, MemoryFile>} */
  #files = new Map();

  /** @param {string} path @param {boolean} create */
  open(path, create) {
    if (create && !this.#files.has(path)) this.#files.set(path, new MemoryFile());
    return this.#files.get(path) ?? null;
  }

  close() {}

  /** @param {string} path */
  size(path) {
    return this.#files.get(path)?.getSize() ?? -1;
  }

  /** @param {string} path */
  remove(path) {
    this.#files.delete(path);
  }
}

/** @implements {OpenFile} */
class MemoryFile {
  #bytes = new Uint8Array(64 << 10);
  #size = 0;

  /** @param {Uint8Array<ArrayBuffer>} into @param {{at: number}} options */
  read(into, { at }) {
    const from = this.#bytes.subarray(Math.min(at, this.#size), Math.min(at + into.length, this.#size));
    into.set(from);
    return from.length;
  }

  /** @param {Uint8Array<ArrayBuffer>} from @param {{at: number}} options */
  write(from, { at }) {
    const end = at + from.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 1.5));
      larger.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = larger;
    }
    this.#bytes.set(from, at);
    this.#size = Math.max(this.#size, end);
    return from.length;
  }

  /** @param {number} size */
  truncate(size) {
    if (size < this.#size) this.#bytes.fill(0, size, this.#size);
    this.#size = Math.min(this.#size, size);
  }

  getSize() {
    return this.#size;
  }

  flush() {}
}

/**
 * Makes SQLite open its files among these, and returns the name of the virtual
 * file system.
 *
 * There are no locks: whoever opens a database here has it alone (PRAGMA
 * locking_mode = EXCLUSIVE), and its write-ahead log works without shared
 * memory.
 * @param {any} sqlite3 what @sqlite.org/sqlite-wasm's init gave
 * @param {Files} files
 * @param {(err: unknown) => void} failed is told why an operation failed, which SQLite only gets a number for
 */
export function installFiles(sqlite3, files, failed) {
  const { capi, wasm } = sqlite3;
  /** Open files, by their sqlite3_file. @type {Map<number, {file: OpenFile, path: string, temporary: boolean}>} */
  const open = new Map();
  const find = (/** @type {number} */ pointer) => {
    const found = open.get(pointer);
    if (!found) throw new Error('SQLite uses a file that is not open');
    return found;
  };

  /**
   * The result code of what f does, which is {code} if that fails.
   *
   * @param {number} code
   * @param {() => number | void} f
   */
  const attempt = (code, f) => {
    try {
      return f() ?? capi.SQLITE_OK;
    } catch (err) {
      failed(err);
      return full(err) ? capi.SQLITE_FULL : code;
    }
  };
  /** @returns {Uint8Array<ArrayBuffer>} */
  const bytes = (/** @type {number} */ pointer, /** @type {number} */ n) => wasm.heap8u().subarray(Number(pointer), Number(pointer) + n);

  const io = new capi.sqlite3_io_methods();
  io.$iVersion = 1;
  /** @type {Record<string, (...args: any[]) => number>} */
  const ioMethods = {
    xClose: (file) => attempt(capi.SQLITE_IOERR_CLOSE, () => {
      const f = find(file);
      open.delete(file);
      files.close(f.file);
      if (f.temporary) files.remove(f.path);
    }),
    xRead: (file, into, n, at) => attempt(capi.SQLITE_IOERR_READ, () => {
      const buffer = bytes(into, n);
      const read = find(file).file.read(buffer, { at: Number(at) });
      if (read === n) return capi.SQLITE_OK;
      buffer.fill(0, read);
      return capi.SQLITE_IOERR_SHORT_READ;
    }),
    xWrite: (file, from, n, at) => attempt(capi.SQLITE_IOERR_WRITE, () => {
      const written = find(file).file.write(bytes(from, n), { at: Number(at) });
      return written === n ? capi.SQLITE_OK : capi.SQLITE_FULL;
    }),
    xTruncate: (file, size) => attempt(capi.SQLITE_IOERR_TRUNCATE, () => find(file).file.truncate(Number(size))),
    xSync: (file) => attempt(capi.SQLITE_IOERR_FSYNC, () => find(file).file.flush()),
    xFileSize: (file, size) => attempt(capi.SQLITE_IOERR_FSTAT, () => {
      wasm.poke64(size, BigInt(find(file).file.getSize()));
    }),
    xLock: () => capi.SQLITE_OK,
    xUnlock: () => capi.SQLITE_OK,
    xCheckReservedLock: (_, reserved) => {
      wasm.poke32(reserved, 0);
      return capi.SQLITE_OK;
    },
    xFileControl: () => capi.SQLITE_NOTFOUND,
    xSectorSize: () => 4096,
    // As SQLite assumes of any file system: a write that is cut off harms no
    // bytes beside it.
    xDeviceCharacteristics: () => capi.SQLITE_IOCAP_POWERSAFE_OVERWRITE,
  };
  sqlite3.vfs.installVfs({ io: { struct: io, methods: ioMethods } });

  const name = 'toller';
  const path = (/** @type {number} */ pointer) => wasm.cstrToJs(pointer);
  const vfs = new capi.sqlite3_vfs();
  const standard = new capi.sqlite3_vfs(capi.sqlite3_vfs_find(null));
  vfs.$iVersion = 2;
  vfs.$szOsFile = capi.sqlite3_file.structInfo.sizeof;
  vfs.$mxPathname = 4096;
  vfs.$xRandomness = standard.$xRandomness;
  vfs.$xSleep = standard.$xSleep;
  standard.dispose();
  let temporaries = 0;
  /** @type {Record<string, (...args: any[]) => number>} */
  const vfsMethods = {
    xOpen: (_, name, pointer, flags, outFlags) => attempt(capi.SQLITE_CANTOPEN, () => {
      const at = name ? path(name) : `/temporary-${++temporaries}`;
      const file = files.open(at, (flags & capi.SQLITE_OPEN_CREATE) !== 0);
      if (!file) return capi.SQLITE_CANTOPEN;
      open.set(pointer, { file, path: at, temporary: (flags & capi.SQLITE_OPEN_DELETEONCLOSE) !== 0 });
      const struct = new capi.sqlite3_file(pointer);
      struct.$pMethods = io.pointer;
      struct.dispose();
      if (outFlags) wasm.poke32(outFlags, flags);
    }),
    xDelete: (_, name) => attempt(capi.SQLITE_IOERR_DELETE, () => files.remove(path(name))),
    xAccess: (_, name, flags, out) => attempt(capi.SQLITE_IOERR_ACCESS, () => {
      wasm.poke32(out, files.size(path(name)) >= 0 ? 1 : 0);
    }),
    xFullPathname: (_, name, n, out) => (wasm.cstrncpy(out, name, n) < n ? capi.SQLITE_OK : capi.SQLITE_CANTOPEN),
    xCurrentTimeInt64: (_, out) => {
      wasm.poke64(out, 210866760000000n + BigInt(Date.now())); // since noon of 24 November 4714 BC
      return capi.SQLITE_OK;
    },
    xGetLastError: () => 0,
  };
  sqlite3.vfs.installVfs({ vfs: { struct: vfs, name, methods: vfsMethods } });
  return name;
}

/** Whether there was no room for a write. @param {any} err */
const full = (err) => err?.name === 'QuotaExceededError' || err?.code === 'ENOSPC' || err?.code === 'EDQUOT';
