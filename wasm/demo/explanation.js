// One hit taken apart: the passage with its words lit up, and beside each word of
// the question where in the passage it found an answer.

import { element } from './dom.js';
import { isSmall, marks, wordOf, wordSpan } from './interaction.js';
import { unmarked } from './read.js';
import { rove } from './rove.js';

/**
 * @typedef {import('./interaction.js').Interaction} Interaction
 * @typedef {import('./interaction.js').Answer} Answer
 */

/** How a kind of match is called. @type {Record<Answer['kind'], string>} */
const names = { same: 'same word', meaning: 'by meaning', whole: 'the text as a whole' };

/**
 * Shows how a passage came to its score.
 *
 * @param {Interaction} interaction
 * @param {number} textStart where the passage begins, after its document's title
 * @returns {{ title: HTMLElement, element: HTMLElement }} the title as it is lit up, and all the rest
 */
export function explanation(interaction, textStart) {
  const { query, queryTokens, text, tokens, answers } = interaction;
  const passage = new Passage(interaction, textStart);
  const rows = queryTokens.flatMap((token, i) => (answers[i].kind === 'whole' ? [] : [{ token, i }]));
  /** @type {number | undefined} */
  let pinned;

  const buttons = rows.map(({ token, i }) => {
    const answer = answers[i];
    const span = token.spans?.[0] ?? { start: 0, end: 0 };
    const found = wordSpan(text, tokens[answer.index]);
    const continued = span.start > 0 && i > 0 && queryTokens[i - 1].spans?.[0]?.end === span.start && answers[i - 1].kind !== 'whole';
    const button = element(
      'button',
      { type: 'button', class: isSmall(wordOf(query, token)) ? 'row small' : 'row', 'aria-pressed': 'false' },
      element('span', { class: continued ? 'asked continued' : 'asked' }, query.slice(span.start, span.end)),
      strip(interaction, i),
      element('span', { class: 'hidden' }, 'answered by'),
      element('span', { class: `found ${found ? answer.kind : 'whole'}` }, found ? text.slice(found.start, found.end) : names.whole),
      element('span', { class: 'hidden' }, found ? `, ${names[answer.kind]},` : ','),
      element('span', { class: 'share' }, percent(answer.share)),
      element('span', { class: 'hidden' }, 'of the score'),
    );
    const light = () => passage.show(i);
    const dim = () => passage.show(pinned);
    button.addEventListener('pointerenter', light);
    button.addEventListener('pointerleave', dim);
    button.addEventListener('focus', light);
    button.addEventListener('blur', dim);
    button.addEventListener('click', () => {
      pinned = pinned === i ? undefined : i;
      buttons.forEach((other, j) => other.setAttribute('aria-pressed', String(rows[j].i === pinned)));
      passage.show(pinned ?? i);
    });
    return button;
  });
  rove(buttons, 'vertical');

  passage.onpoint = (indices) => {
    buttons.forEach((button, j) => button.classList.toggle('answering', indices.includes(answers[rows[j].i].index)));
  };

  const all = element(
    'div',
    { class: 'explanation' },
    passage.element,
    element('div', { class: 'head', 'aria-hidden': 'true' }, element('span', {}, 'Your words'), element('span', {}, 'Start to end of the passage'), element('span', {}, 'Best match'), element('span', {}, 'Share')),
    element('div', { class: 'rows', role: 'toolbar', 'aria-orientation': 'vertical', 'aria-label': 'Words of your question and what answers them' }, ...buttons),
    balance(answers),
  );
  return { title: passage.title, element: all };
}

/** A passage and its document's title, whose words can be lit up. */
class Passage {
  #interaction;
  #marks;
  /** The words, each with its tokens. @type {{ start: number, indices: number[], element: HTMLElement }[]} */
  #words = [];
  /** Called with the tokens of the word that is pointed at. @type {(indices: number[]) => void} */
  onpoint = () => {};

  /**
   * @param {Interaction} interaction
   * @param {number} textStart
   */
  constructor(interaction, textStart) {
    this.#interaction = interaction;
    this.#marks = new Map(marks(interaction).map((mark) => [mark.start, mark]));
    this.title = element('span', { class: 'words' });
    this.element = element('p', { class: 'passage words' });
    this.#fill(this.title, 0, textStart);
    this.#fill(this.element, textStart, interaction.text.length);
    this.show(undefined);
  }

  /**
   * Puts a part of the text into an element.
   *
   * @param {HTMLElement} place
   * @param {number} start
   * @param {number} end
   */
  #fill(place, start, end) {
    const { text, tokens } = this.#interaction;
    let at = start;
    tokens.forEach((token, j) => {
      const span = wordSpan(text, token);
      if (!span || span.start < start || span.start >= end) return;
      const last = this.#words.at(-1);
      if (last && last.start === span.start) last.indices.push(j);
      if (span.start < at) return;
      const indices = [j];
      const word = element('span', { pointerenter: () => this.onpoint(indices) }, text.slice(span.start, span.end));
      place.append(unmarked(text.slice(at, span.start)), word);
      this.#words.push({ start: span.start, indices, element: word });
      at = span.end;
    });
    place.append(unmarked(text.slice(at, end)).trimEnd());
    place.addEventListener('pointerleave', () => this.onpoint([]));
  }

  /**
   * Lights up what is like a token of the query; without one, the best matches of
   * all.
   *
   * @param {number | undefined} row
   */
  show(row) {
    const { similarities, tokens, answers } = this.#interaction;
    for (const { start, indices, element: word } of this.#words) {
      let similarity = 0;
      if (row === undefined) {
        const mark = this.#marks.get(start);
        word.className = mark?.kind ?? '';
        similarity = mark?.similarity ?? 0;
      } else {
        word.className = indices.includes(answers[row].index) ? 'best' : '';
        similarity = Math.max(...indices.map((j) => similarities[row * tokens.length + j]));
      }
      word.style.setProperty('--heat', heat(similarity).toFixed(3));
    }
  }
}

/**
 * A row of the heat map: a token of the query against all tokens of the passage.
 *
 * @param {Interaction} interaction
 * @param {number} row
 */
function strip({ similarities, tokens, answers }, row) {
  const cells = tokens.map((_, j) => j).filter((j) => tokens[j].spans?.length);
  const width = 100 / Math.max(1, cells.length);
  const stops = cells.map((j, x) => {
    const colour = `color-mix(in srgb, var(--warm) ${Math.round(heat(similarities[row * tokens.length + j]) * 100)}%, transparent)`;
    return `${colour} ${(x * width).toFixed(2)}% ${((x + 1) * width).toFixed(2)}%`;
  });
  const map = element('span', { class: 'map', 'aria-hidden': 'true' });
  if (stops.length > 0) map.style.backgroundImage = `linear-gradient(to right, ${stops.join(', ')})`;
  const best = cells.indexOf(answers[row].index);
  if (best >= 0) {
    const pointer = element('span', { class: 'pointer' });
    pointer.style.setProperty('--at', String(((best + 0.5) * width) / 100));
    map.append(pointer);
  }
  return map;
}

/**
 * How the score is made up: of same words, of meaning, and of the marks that stand
 * for the text as a whole.
 *
 * @param {Answer[]} answers
 */
function balance(answers) {
  const kinds = /** @type {Answer['kind'][]} */ (['same', 'meaning', 'whole']);
  const shares = kinds.map((kind) => answers.reduce((sum, answer) => sum + (answer.kind === kind ? Math.max(0, answer.share) : 0), 0));
  const bar = element('div', { class: 'bar', 'aria-hidden': 'true' });
  const legend = element('ul', { class: 'legend' });
  kinds.forEach((kind, i) => {
    const part = element('span', { class: kind });
    part.style.setProperty('--part', String(shares[i]));
    bar.append(part);
    legend.append(element('li', { class: kind }, `${names[kind]} `, element('strong', {}, percent(shares[i]))));
  });
  return element('div', { class: 'balance' }, bar, legend);
}

/** @param {number} share */
function percent(share) {
  return `${Math.round(share * 100)} %`;
}

/**
 * How warm a similarity looks, from 0 to 1. Words that have nothing to do with each
 * other are some 0.2 alike, the same word in the same sense 0.8 and more.
 *
 * @param {number} similarity
 */
function heat(similarity) {
  return Math.min(1, Math.max(0, (similarity - 0.2) / 0.6)) ** 1.6;
}
