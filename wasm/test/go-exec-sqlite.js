// Runs a Go test with SQLite beside it:
//
//	GOOS=js GOARCH=wasm go test -tags sqlite_js -exec 'node $PWD/wasm/test/go-exec-sqlite.js' ./store
//
// Files are the machine's.

import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import init from '@sqlite.org/sqlite-wasm';

import { bindings } from '../src/sqlite.js';
import { LocalFiles } from './local-files.js';

const require = createRequire(import.meta.url);
Object.assign(globalThis, { fs, path, require });
globalThis.crypto ??= crypto.webcrypto;
const root = process.env.GOROOT || execFileSync('go', ['env', 'GOROOT'], { encoding: 'utf8' }).trim();
require(path.join(root, 'lib/wasm/wasm_exec.js'));

globalThis.tollerSQLite = bindings(await init(), new LocalFiles(fs));

const go = new globalThis.Go();
go.argv = process.argv.slice(2);
// Few variables: Go's js/wasm has room for 12 kB of arguments and environment.
const passed = ['PATH', 'HOME', 'TOLLER_STORE_JOB', 'TOLLER_STORE_PATH', 'TOLLER_STORE_SEED'];
go.env = Object.fromEntries([['TMPDIR', os.tmpdir()], ...passed.map((name) => [name, process.env[name] ?? ''])]);
go.exit = process.exit;
const { instance } = await WebAssembly.instantiate(fs.readFileSync(process.argv[2]), go.importObject);
process.on('exit', (code) => {
  if (code === 0 && !go.exited) {
    go._pendingEvent = { id: 0 }; // a deadlock: have Go print its stacks
    go._resume();
  }
});
await go.run(instance);
