// One hit taken apart: the passage with its words lit up, and beside each word of
// the question where in the passage it found an answer.

import { element } from './dom.js';
import { marks } from './interaction.js';
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
 * @param {string} text of the passage
 * @param {Interaction} interaction
 * @returns {HTMLElement}
 */
export function explanation(text, interaction) {
  const { query, queryTokens, tokens, answers } = interaction;
  const passage = new Passage(text, interaction);
  const rows = queryTokens.flatMap((token, i) => (answers[i].kind === 'whole' ? [] : [{ token, i }]));
  /** @type {number | undefined} */
  let pinned;

  const buttons = rows.map(({ token, i }) => {
    const answer = answers[i];
    const span = token.spans?.[0] ?? { start: 0, end: 0 };
    const found = tokens[answer.index]?.spans?.[0];
    const continued = span.start > 0 && i > 0 && queryTokens[i - 1].spans?.[0]?.end === span.start && answers[i - 1].kind !== 'whole';
    const button = element(
      'button',
      { type: 'button', class: 'row', 'aria-pressed': 'false' },
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

  passage.onpoint = (index) => {
    buttons.forEach((button, j) => button.classList.toggle('answering', index !== undefined && answers[rows[j].i].index === index));
  };

  return element(
    'div',
    { class: 'explanation' },
    passage.element,
    element('div', { class: 'head', 'aria-hidden': 'true' }, element('span', {}, 'Your words'), element('span', {}, 'Start to end of the passage'), element('span', {}, 'Best match'), element('span', {}, 'Share')),
    element('div', { class: 'rows', role: 'toolbar', 'aria-orientation': 'vertical', 'aria-label': 'Words of your question and what answers them' }, ...buttons),
    balance(answers),
  );
}

/** The text of a passage, whose words can be lit up. */
class Passage {
  #interaction;
  #marks;
  /** The words by their token's number. @type {Map<number, HTMLElement>} */
  #words = new Map();
  /** Called with the token that is pointed at. @type {(index: number | undefined) => void} */
  onpoint = () => {};

  /**
   * @param {string} text
   * @param {Interaction} interaction
   */
  constructor(text, interaction) {
    this.#interaction = interaction;
    this.#marks = marks(interaction);
    this.element = element('p', { class: 'passage' });
    let end = 0;
    interaction.tokens.forEach((token, j) => {
      const span = token.spans?.[0];
      if (!span || span.start < end) return;
      const word = element('span', {}, text.slice(span.start, span.end));
      word.addEventListener('pointerenter', () => this.onpoint(j));
      this.element.append(text.slice(end, span.start), word);
      this.#words.set(j, word);
      end = span.end;
    });
    this.element.append(text.slice(end));
    this.element.addEventListener('pointerleave', () => this.onpoint(undefined));
    this.show(undefined);
  }

  /**
   * Lights up what is like a token of the query; without one, the best matches of
   * all.
   *
   * @param {number | undefined} row
   */
  show(row) {
    const { similarities, tokens, answers } = this.#interaction;
    for (const [j, word] of this.#words) {
      const span = tokens[j].spans?.[0];
      const mark = row === undefined ? this.#marks.find((mark) => mark.start === span?.start) : undefined;
      const best = row !== undefined && answers[row].index === j;
      const similarity = row === undefined ? mark?.similarity ?? 0 : similarities[row * tokens.length + j];
      word.className = mark ? mark.kind : best ? `${answers[row].kind} best` : '';
      word.style.setProperty('--heat', heat(similarity).toFixed(3));
    }
  }
}

/**
 * A row of the heat map: a token of the query against all words of the passage.
 *
 * @param {Interaction} interaction
 * @param {number} row
 */
function strip({ similarities, tokens, answers }, row) {
  const cells = tokens.map((_, j) => j).filter((j) => tokens[j].spans?.length);
  const canvas = element('canvas', { class: 'strip', width: Math.max(1, cells.length), height: 1, 'aria-hidden': 'true' });
  const paint = canvas.getContext('2d');
  cells.forEach((j, x) => {
    // Alone its transparency says something: the style has the colour.
    paint.globalAlpha = heat(similarities[row * tokens.length + j]);
    paint.fillRect(x, 0, 1, 1);
  });
  const best = cells.indexOf(answers[row].index);
  const pointer = element('span', { class: 'pointer', hidden: best < 0 });
  pointer.style.setProperty('--at', String((best + 0.5) / Math.max(1, cells.length)));
  return element('span', { class: 'map', 'aria-hidden': 'true' }, canvas, pointer);
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
