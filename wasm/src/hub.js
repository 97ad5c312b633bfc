// A checkpoint as it lies on the hub: which files there are, and which are needed.

/**
 * @typedef {object} Repository
 * @property {string} host "https://huggingface.co", or one like it
 * @property {string} id "organisation/name"
 * @property {string} revision a branch, a tag or a commit
 */

// Files that opening a checkpoint reads, where they exist: those of the checkpoint
// itself, and those in the backbone's folder.
const rootFiles = ['config.json', 'config_sentence_transformers.json', 'artifact.metadata'];
const backboneFiles = ['config.json', 'sentence_bert_config.json', 'tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json'];

/** What a listing has of a file. @typedef {{ rfilename: string, lfs?: { sha256?: string } }} Sibling */

/**
 * Loads the files of a checkpoint.
 *
 * @param {import('./load.js').Loading} loading
 * @param {Repository} repository
 */
export async function hubFiles(loading, repository) {
  const { id, host } = repository;
  const listing = await list(loading, repository);
  const revision = listing?.commit ?? repository.revision;
  const fixed = isCommit(revision);

  /** @type {Map<string, boolean>} */
  const asked = new Map();
  const get = async (/** @type {string} */ name) => {
    let there = asked.get(name);
    if (there !== undefined) return there;
    const known = listing?.files.get(name);
    const url = `${host}/${id}/resolve/${encodeURIComponent(revision)}/${name.split('/').map(encodeURIComponent).join('/')}`;
    there = (!listing || known !== undefined) && (await loading.file({ name, source: { url }, sha256: known?.lfs?.sha256, fixed, optional: true }));
    asked.set(name, there);
    return there;
  };

  /** @type {string[]} */
  let modules = [''];
  if (await get('modules.json')) modules = [...new Set(modulePaths(await loading.text('modules.json'), `${host}/${id}: modules.json`))];
  const backbone = modules[0] ?? '';
  for (const name of rootFiles) await get(name);
  for (const name of backboneFiles) await get(join(backbone, name));
  if (!(await get(join(backbone, 'tokenizer.json')))) await get(join(backbone, 'vocab.txt'));
  for (const module of modules) {
    await get(join(module, 'config.json'));
    if (await get(join(module, 'model.safetensors'))) continue;
    const index = join(module, 'model.safetensors.index.json');
    if (module !== backbone || !(await get(index))) continue;
    for (const shard of shards(await loading.text(index))) await get(join(module, shard));
  }
  if (loading.files.length === 0) throw new Error(`${host}/${id}: expected a checkpoint at the revision ${repository.revision}, found none of its files`);
}

/**
 * Asks the host what files there are at a revision. A host that has only the files
 * doesn't say; then each has to be asked for.
 *
 * @param {import('./load.js').Loading} loading
 * @param {Repository} repository
 * @returns {Promise<{ commit?: string, files: Map<string, Sibling> } | undefined>}
 */
async function list(loading, { host, id, revision }) {
  const text = await loading.json(`${host}/api/models/${id}/revision/${encodeURIComponent(revision)}?blobs=true`, isCommit(revision));
  if (!Array.isArray(text?.siblings)) return undefined;
  return { commit: isCommit(text.sha) ? text.sha : undefined, files: new Map(text.siblings.map((/** @type {Sibling} */ s) => [s.rfilename, s])) };
}

/** @param {any} revision */
function isCommit(revision) {
  return typeof revision === 'string' && /^[0-9a-f]{40}$/.test(revision);
}

/**
 * @param {string} folder
 * @param {string} name
 */
function join(folder, name) {
  return folder ? `${folder}/${name}` : name;
}

/**
 * The folders that modules.json lists.
 *
 * @param {string} text
 * @param {string} where
 * @returns {string[]}
 */
function modulePaths(text, where) {
  const list = parse(text, where);
  if (!Array.isArray(list)) throw new Error(`${where}: expected a list, found ${typeof list}`);
  return list.map((module) => String(module?.path ?? ''));
}

/**
 * The files that an index spreads weights over. What else is wrong with it, the
 * program says.
 *
 * @param {string} text
 * @returns {string[]}
 */
function shards(text) {
  const map = parse(text, 'model.safetensors.index.json')?.weight_map;
  return map && typeof map === 'object' ? [...new Set(Object.values(map).map(String))] : [];
}

/**
 * @param {string} text
 * @param {string} where
 * @returns {any}
 */
function parse(text, where) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${where}: ${/** @type {any} */ (error).message}`);
  }
}
