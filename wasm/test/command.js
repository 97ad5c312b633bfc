// The command line, for tests that hold the package against it.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const folder = `${repository}wasm/node_modules/.cache/toller/`;

/** Builds the command, once for all tests, and returns its path. */
export function buildCommand() {
  mkdirSync(folder, { recursive: true });
  execFileSync('go', ['build', '-o', folder, './edge/cmd/toller'], { cwd: repository });
  return `${folder}toller`;
}
