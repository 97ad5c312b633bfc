// Reading PDF files, with Mozilla's PDF.js, which comes when the first one does.

/** @typedef {import('./read.js').Block} Block */

/** Most bytes of text that a file may have. */
const largestText = 8 << 20;

/** How much larger than most steps between lines of a page one is that begins a paragraph. */
const paragraphStep = 1.4;

/**
 * What may happen meanwhile.
 *
 * @typedef {object} ReadOptions
 * @property {AbortSignal} [signal]
 * @property {(done: number, total: number) => void} [progress] of pages
 */

/** @type {Promise<typeof import('pdfjs-dist')> | undefined} */
let library;

function load() {
  library ??= import(new URL('./pdfjs/pdf.min.js', import.meta.url).href).then((library) => {
    library.GlobalWorkerOptions.workerSrc = new URL('./pdfjs/pdf.worker.min.js', import.meta.url).href;
    return library;
  });
  library.catch(() => (library = undefined)); // the next file tries again
  return library;
}

/**
 * The text of a PDF.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes are taken
 * @param {string} name
 * @param {ReadOptions} options
 * @returns {Promise<{ title: string, blocks: Block[], note?: string }>} the title is '' if there is none; the headings are page numbers; the note says which pages have no text
 */
export async function readPDF(bytes, name, { signal, progress }) {
  const { getDocument } = await load();
  signal?.throwIfAborted();
  const task = getDocument({
    data: bytes,
    cMapUrl: new URL('./pdfjs/cmaps/', import.meta.url).href, // of fonts for East Asian scripts, each when it is needed
    useSystemFonts: true, // nothing is drawn
    disableFontFace: true,
    useWasm: false,
    verbosity: 0,
  });
  const abort = () => task.destroy();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const file = await task.promise;
    const info = /** @type {{ Title?: unknown }} */ ((await file.getMetadata()).info);
    /** @type {Block[]} */
    const blocks = [];
    /** @type {number[]} */
    const empty = [];
    let length = 0;
    for (let number = 1; number <= file.numPages; number++) {
      const page = await file.getPage(number);
      const { items } = await page.getTextContent();
      page.cleanup();
      signal?.throwIfAborted();
      const text = layOut(linesOf(items));
      length += text.length;
      if (length > largestText) throw new Error(`${name}: expected at most ${largestText >> 20} MB of text, found more by page ${number}`);
      const heading = file.numPages > 1 ? `Page ${number}` : '';
      if (text) blocks.push(...text.split('\n\n').map((text) => ({ heading, text })));
      else empty.push(number);
      progress?.(number, file.numPages);
    }
    if (blocks.length === 0) throw new Error(`${name}: expected text, found none on its ${file.numPages === 1 ? 'page' : `${file.numPages} pages`}: pictures, such as scans, are not read`);
    const note = empty.length ? `${name}: no text was found on ${pages(empty)}` : undefined;
    return { title: titleOf(info.Title), blocks, note };
  } catch (/** @type {any} */ error) {
    signal?.throwIfAborted();
    if (error?.name === 'PasswordException') throw new Error(`${name}: expected a PDF that opens without a password, found one that asks for it`);
    if (/^(InvalidPDF|Format|Response)Exception$/.test(error?.name)) throw new Error(`${name}: expected a PDF, found what can't be read as one: ${error.message}`);
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    await task.destroy();
  }
}

/**
 * A line of a page, in points; y grows from the bottom up.
 *
 * @typedef {{ text: string, left: number, right: number, y: number, height: number }} Line
 */

/**
 * Puts the pieces of a page together that are on one line.
 *
 * @param {any[]} items
 * @returns {Line[]}
 */
function linesOf(items) {
  /** @type {Line[]} */
  const lines = [];
  /** @type {Line | undefined} */
  let line;
  for (const { str, width, height, transform, hasEOL } of items) {
    if (str !== '') {
      const [, , , , x, y] = transform;
      line ??= { text: '', left: x, right: x, y, height: 0 };
      line.text += str;
      line.right = Math.max(line.right, x + width);
      line.height = Math.max(line.height, height);
    }
    if (hasEOL && line) {
      lines.push(line);
      line = undefined;
    }
  }
  if (line) lines.push(line);
  return lines.map((line) => ({ ...line, text: line.text.trim() })).filter(({ text }) => text);
}

/**
 * Joins lines, by the rules of toller's reader on other machines: a step down the
 * page that is larger than most begins a paragraph, and a word that was cut at the
 * end of a line is made whole.
 *
 * @param {Line[]} lines
 */
function layOut(lines) {
  const steps = lines.slice(1).map((line, i) => lines[i].y - line.y);
  const sorted = steps.filter((step) => step > 0).sort((a, b) => a - b);
  let usual = sorted.length ? sorted[sorted.length >> 1] : Infinity;
  if (sorted.length < 4 && lines.length) usual = Math.min(usual, 1.8 * lines[0].height); // too few to tell: the size of letters does
  let text = '';
  for (const [i, line] of lines.entries()) {
    const before = lines[i - 1];
    if (!before) {
      text = line.text;
    } else if (/\p{L}[-\u2010\u00ad]$/u.test(text) && /^\p{Ll}/u.test(line.text)) {
      text = text.slice(0, -1) + line.text;
    } else if (Math.abs(steps[i - 1]) < 0.5 * Math.min(before.height, line.height) && line.left >= before.right) {
      text += ` ${line.text}`; // it goes on where the other ends, as a value after its name
    } else {
      text += (steps[i - 1] > paragraphStep * usual ? '\n\n' : '\n') + line.text;
    }
  }
  // Fonts without names for their letters give any numbers.
  return text.replace(/[\u00ad\0-\x08\x0b-\x1f]/g, '').trim();
}

/**
 * A title, unless it is what programs write when nobody gave one: the name of the
 * file that was printed.
 *
 * @param {unknown} title
 */
function titleOf(title) {
  if (typeof title !== 'string') return '';
  const words = title.replace(/\s+/g, ' ').trim().slice(0, 500);
  return /\.(docx?|odt|pages|pdf|pptx?|rtf|tex|dvi|txt|indd|qxd)$|^(microsoft word|untitled)/i.test(words) ? '' : words;
}

/** @param {number[]} numbers */
function pages(numbers) {
  const shown = numbers.slice(0, 8).join(', ');
  return numbers.length === 1 ? `page ${shown}` : `pages ${shown}${numbers.length > 8 ? ` and ${numbers.length - 8} more` : ''}`;
}
