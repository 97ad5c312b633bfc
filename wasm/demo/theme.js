// Light or dark as it was chosen here before, set before anything is painted.
// Without a choice it is as the system has it.
{
  let chosen;
  try {
    chosen = localStorage.getItem('toller-theme');
  } catch {
    // Storage may be forbidden; then a choice lasts as long as the page.
  }
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
}
