// Chromium, driven by playwright-core.

import { chromium } from 'playwright-core';

const flags = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];

/** Where the browser is. */
const executable = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Starts a browser. */
export function launch() {
  return chromium.launch({ executablePath: executable, args: flags });
}

/**
 * Opens a page that fails the test if anything goes wrong on it that nobody caught.
 *
 * @param {import('playwright-core').BrowserContext} context
 * @param {string} url
 */
export async function open(context, url) {
  const page = await context.newPage();
  /** @type {string[]} */
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(url);
  return { page, errors };
}

/** Code for a page that takes the package as a page without a bundler does. */
export const entry = '/node_modules/toller/src/toller.js';

/**
 * Starts a browser that keeps what pages store in a folder, as people's browsers do:
 * without one it is kept in memory, which is slower.
 *
 * @param {string} folder
 */
export function launchPersistent(folder) {
  return chromium.launchPersistentContext(folder, { executablePath: executable, args: flags });
}
