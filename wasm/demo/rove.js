// One stop of the tabulator for a group of buttons; arrow keys go from one to the
// next.

/**
 * @param {HTMLElement[]} buttons
 * @param {'vertical' | 'horizontal'} direction
 */
export function rove(buttons, direction) {
  const [back, on] = direction === 'vertical' ? ['ArrowUp', 'ArrowDown'] : ['ArrowLeft', 'ArrowRight'];
  const stop = (/** @type {number} */ at) => buttons.forEach((button, i) => (button.tabIndex = i === at ? 0 : -1));
  buttons.forEach((button, i) => {
    button.addEventListener('focus', () => stop(i));
    button.addEventListener('keydown', (event) => {
      const to = { [back]: i - 1, [on]: i + 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      buttons[Math.min(Math.max(to, 0), buttons.length - 1)].focus();
    });
  });
  stop(0);
}
