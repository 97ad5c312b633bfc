// Projects of strangers, who have the packages as they would be published.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the package. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Makes a project with both packages installed, and returns its folder. */
export function createProject() {
  const folder = mkdtempSync(join(tmpdir(), 'toller-project-'));
  const pack = (/** @type {string} */ from) => execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: from, encoding: 'utf8' }).trim();
  const tarballs = [pack(root), pack(`${root}model-small`)].map((name) => `./${name}`);
  writeFileSync(`${folder}/package.json`, JSON.stringify({ private: true, type: 'module' }));
  execFileSync('npm', ['install', '--offline', '--no-audit', ...tarballs], { cwd: folder, stdio: 'pipe' });
  return folder;
}
