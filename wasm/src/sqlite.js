// SQLite for Go: what Go's database/sql driver (store/sqlitejs) calls. SQLite is
// the WebAssembly module of @sqlite.org/sqlite-wasm, with a memory of its own,
// in the same worker as Go.
//
// A call costs Go about a microsecond, so there are few of them: values go
// back and forth in batches, coded as bytes. Functions take and give numbers; a
// negative one is an error, SQLite's extended result code with its sign
// changed, and `message` says the rest.

import { installFiles } from './sqlite-files.js';

// Kinds of values, as SQLite numbers its types.
const INTEGER = 1, FLOAT = 2, TEXT = 3, BLOB = 4, NULL = 5;

const batch = 64 << 10; // bytes of rows after which a call returns

/**
 * Returns the functions for Go, which looks for them in `globalThis.tollerSQLite`.
 * @param {any} sqlite3 what @sqlite.org/sqlite-wasm's init gave
 * @param {import('./sqlite-files.js').Files} files where databases lie
 */
export function bindings(sqlite3, files) {
  const { capi, wasm } = sqlite3;
  const lib = wasm.exports; // without the conversions of capi
  const transient = -1; // SQLite copies what is bound
  let reason = ''; // of the last failure, from outside of SQLite
  const vfs = installFiles(sqlite3, files, (err) => {
    reason = err instanceof Error ? err.message : String(err);
  });
  let problem = '';

  // Arguments come in, rows go out.
  let input = new Uint8Array(batch), output = new Uint8Array(2 * batch);
  let inView = new DataView(input.buffer), outView = new DataView(output.buffer);
  let written = 0; // bytes of output

  /**
   * Makes room for n bytes of output that are written next: Go finds out that
   * there is another buffer by there being more bytes than the old one holds.
   * @param {number} n
   */
  const room = (n) => {
    if (written + n <= output.length) return;
    const larger = new Uint8Array(Math.max(2 * output.length, written + n));
    larger.set(output.subarray(0, written));
    output = larger;
    outView = new DataView(output.buffer);
  };

  /** @param {number} db @param {number} code @param {string} [message] */
  const fail = (db, code, message) => {
    if (db && !message) {
      code = lib.sqlite3_extended_errcode(db) || code;
      message = wasm.cstrToJs(lib.sqlite3_errmsg(db));
    }
    problem = message || capi.sqlite3_js_rc_str(code) || `error ${code}`;
    if (reason) problem += `: ${reason}`;
    reason = '';
    return -code;
  };

  /**
   * Does f, and turns what it throws into an error.
   * @param {() => number} f
   */
  const guarded = (f) => {
    reason = '';
    try {
      return f();
    } catch (err) {
      return fail(0, capi.SQLITE_INTERNAL, err instanceof Error ? err.message : String(err));
    }
  };

  /**
   * Copies n bytes of input into SQLite's memory for the time of f.
   *
   * @param {number} n
   * @param {(pointer: number) => number} f
   */
  const lent = (n, f) => {
    const pointer = lib.sqlite3_malloc(n + 1);
    if (!pointer) return fail(0, capi.SQLITE_NOMEM, 'out of memory');
    try {
      const heap = wasm.heap8u();
      heap.set(input.subarray(0, n), pointer);
      heap[pointer + n] = 0;
      return f(pointer);
    } finally {
      lib.sqlite3_free(pointer);
    }
  };

  /**
   * Binds the arguments in n bytes of input.
   *
   * @param {number} db
   * @param {number} statement
   * @param {number} n
   */
  const bind = (db, statement, n) => lent(n, (base) => {
    let at = 0, index = 0;
    while (at < n) {
      const kind = input[at++];
      index++;
      let code;
      switch (kind) {
        case INTEGER:
          code = lib.sqlite3_bind_int64(statement, index, inView.getBigInt64(at, true));
          at += 8;
          break;
        case FLOAT:
          code = lib.sqlite3_bind_double(statement, index, inView.getFloat64(at, true));
          at += 8;
          break;
        case NULL:
          code = lib.sqlite3_bind_null(statement, index);
          break;
        default: {
          const size = inView.getUint32(at, true);
          at += 4;
          const put = kind === TEXT ? lib.sqlite3_bind_text : lib.sqlite3_bind_blob;
          code = put(statement, index, base + at, size, transient);
          at += size;
        }
      }
      if (code) return fail(db, code);
    }
    return index;
  });

  /**
   * Writes the row that a statement stands at.
   *
   * @param {number} statement
   * @param {number} columns
   */
  const row = (statement, columns) => {
    for (let i = 0; i < columns; i++) {
      const kind = lib.sqlite3_column_type(statement, i);
      room(1);
      output[written++] = kind;
      switch (kind) {
        case INTEGER:
          room(8);
          outView.setBigInt64(written, lib.sqlite3_column_int64(statement, i), true);
          written += 8;
          break;
        case FLOAT:
          room(8);
          outView.setFloat64(written, lib.sqlite3_column_double(statement, i), true);
          written += 8;
          break;
        case TEXT:
        case BLOB: {
          const pointer = kind === TEXT ? lib.sqlite3_column_text(statement, i) : lib.sqlite3_column_blob(statement, i);
          const size = lib.sqlite3_column_bytes(statement, i);
          room(4 + size);
          outView.setUint32(written, size, true);
          written += 4;
          output.set(wasm.heap8u().subarray(pointer, pointer + size), written);
          written += size;
        }
      }
    }
  };

  return Object.freeze({
    /** A buffer for arguments of at least n bytes. @param {number} n */
    input(n) {
      if (n > input.length) {
        input = new Uint8Array(Math.max(n, 2 * input.length));
        inView = new DataView(input.buffer);
      }
      return input;
    },

    /** What the last call wrote; a result beyond its length says to ask anew. */
    output: () => output,

    /** What the last error was. */
    message: () => problem,

    /** The size of a file in bytes, -1 where there is none. @param {string} path */
    size: (path) => guarded(() => files.size(path)),

    /**
     * Opens a database. The result is its number.
     * @param {string} path
     * @param {number} flags SQLITE_OPEN_*
     */
    open: (path, flags) => guarded(() => {
      const pointers = wasm.pstack.pointer;
      try {
        const out = wasm.pstack.allocPtr();
        const code = capi.sqlite3_open_v2(path, out, flags, path === ':memory:' ? null : vfs);
        const db = wasm.peekPtr(out);
        if (!code) return db;
        const failure = fail(db, code);
        lib.sqlite3_close_v2(db);
        return failure;
      } finally {
        wasm.pstack.restore(pointers);
      }
    }),

    /** @param {number} db */
    close: (db) => guarded(() => {
      const code = lib.sqlite3_close_v2(db);
      return code ? fail(db, code) : 0;
    }),

    /** Whether no transaction is open. @param {number} db */
    idle: (db) => lib.sqlite3_get_autocommit(db) !== 0,

    /**
     * Prepares the one statement in n bytes of input, and returns its number.
     * Output is the number of parameters, that of columns and that of bytes of
     * output, 4 bytes each, and the columns' names, each ended by a zero.
     * @param {number} db
     * @param {number} n
     */
    prepare: (db, n) => guarded(() => lent(n, (text) => {
      const pointers = wasm.pstack.pointer;
      let statement;
      try {
        const out = wasm.pstack.allocPtr(), tail = wasm.pstack.allocPtr();
        const code = lib.sqlite3_prepare_v2(db, text, n, out, tail);
        if (code) return fail(db, code);
        statement = wasm.peekPtr(out);
        if (!statement || wasm.cstrToJs(wasm.peekPtr(tail)).trim() !== '') {
          lib.sqlite3_finalize(statement);
          return fail(0, capi.SQLITE_MISUSE, 'expected one statement');
        }
      } finally {
        wasm.pstack.restore(pointers);
      }
      const columns = lib.sqlite3_column_count(statement);
      outView.setUint32(0, lib.sqlite3_bind_parameter_count(statement), true);
      outView.setUint32(4, columns, true);
      written = 12;
      for (let i = 0; i < columns; i++) {
        const name = new TextEncoder().encode(`${wasm.cstrToJs(lib.sqlite3_column_name(statement, i))}\0`);
        room(name.length);
        output.set(name, written);
        written += name.length;
      }
      outView.setUint32(8, written, true);
      return statement;
    })),

    /** @param {number} statement */
    finalize: (statement) => guarded(() => (lib.sqlite3_finalize(statement), 0)),

    /** @param {number} statement */
    reset: (statement) => guarded(() => (lib.sqlite3_reset(statement), 0)),

    /**
     * Runs a statement, with arguments in n bytes of input, to its end. Output
     * is the id of the last row that was inserted and the number of rows that
     * changed, 8 bytes each.
     * @param {number} db
     * @param {number} statement
     * @param {number} n
     */
    run: (db, statement, n) => guarded(() => {
      const bound = bind(db, statement, n);
      if (bound < 0) return bound;
      let code;
      do code = lib.sqlite3_step(statement); while (code === capi.SQLITE_ROW);
      const failure = code === capi.SQLITE_DONE ? 0 : fail(db, code);
      lib.sqlite3_reset(statement);
      lib.sqlite3_clear_bindings(statement);
      if (failure) return failure;
      outView.setBigInt64(0, lib.sqlite3_last_insert_rowid(db), true);
      outView.setBigInt64(8, lib.sqlite3_changes64(db), true);
      return 16;
    }),

    /**
     * Binds a query's arguments, in n bytes of input.
     * @param {number} db
     * @param {number} statement
     * @param {number} n
     */
    query: (db, statement, n) => guarded(() => Math.min(bind(db, statement, n), 0)),

    /**
     * Reads the next rows of a query and returns how many bytes of output they
     * are, 1 or more: the first says whether these are the last rows, and then
     * the query is reset. Values are coded as their kind in a byte, and 8 bytes of
     * a number, or 4 bytes of the length and as many of a text or blob.
     * @param {number} db
     * @param {number} statement
     */
    rows: (db, statement) => guarded(() => {
      const columns = lib.sqlite3_column_count(statement);
      output[0] = 0;
      written = 1;
      while (written < batch) {
        const code = lib.sqlite3_step(statement);
        if (code === capi.SQLITE_ROW) {
          row(statement, columns);
          continue;
        }
        const failure = code === capi.SQLITE_DONE ? 0 : fail(db, code);
        lib.sqlite3_reset(statement);
        if (failure) return failure;
        output[0] = 1;
        break;
      }
      return written;
    }),
  });
}
