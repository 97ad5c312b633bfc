// Keeps the page for when there is no network. The build writes a line above this
// one:
//
//	const release = { version, files: [[address, integrity], …] };
//
// All files of a version but the page itself, its manifest and its icon lie in a
// folder that is named after their content. So a tab that was opened with one
// version can't get a file of another, whatever is installed meanwhile. The model
// isn't here: the package keeps it.

/* global release */

const scope = self.registration.scope;
const prefix = `toller-demo ${scope} `;
const name = prefix + release.version;

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method === 'GET' && request.url.startsWith(scope)) event.respondWith(answer(request));
});

/** Fetches all files or none: each must have the content that the build saw. */
async function install() {
  try {
    const cache = await caches.open(name);
    await Promise.all(
      release.files.map(async ([address, integrity]) => {
        const request = new Request(new URL(address, scope), { integrity, cache: 'no-cache' });
        const response = await fetch(request);
        if (!response.ok) throw new Error(`${request.url}: expected the status 200, found ${response.status}`);
        await cache.put(request.url, response);
      }),
    );
  } catch (error) {
    await caches.delete(name);
    throw error;
  }
  // Tabs that are open go on with the files of their own version.
  await self.skipWaiting();
}

/** Forgets versions before the last one, which tabs may still have open. */
async function activate() {
  const versions = (await caches.keys()).filter((key) => key.startsWith(prefix) && key !== name);
  await Promise.all(versions.slice(0, -1).map((key) => caches.delete(key)));
  await self.clients.claim();
}

/** @param {Request} request */
async function answer(request) {
  const url = new URL(request.url);
  const address = request.mode === 'navigate' && [scope, `${scope}index.html`].includes(url.origin + url.pathname) ? scope : url.href;
  const own = await (await caches.open(name)).match(address);
  if (own) return own;
  for (const key of await caches.keys()) {
    const kept = key.startsWith(prefix) && (await (await caches.open(key)).match(address));
    if (kept) return kept;
  }
  return fetch(request);
}
