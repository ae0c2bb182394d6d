// Light or dark: as the system says, or as the user has chosen here.

const CHOICES = ['auto', 'light', 'dark'];
const KEY = 'steadyd-theme';

export function themeButton(button) {
  let chosen = remembered();
  const show = () => {
    if (chosen === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
    button.textContent = {auto: '◐', light: '☀', dark: '☾'}[chosen];
    button.title = `colours: ${chosen === 'auto' ? 'as the system' : chosen}`;
    button.setAttribute('aria-label', button.title);
  };
  button.addEventListener('click', () => {
    chosen = CHOICES[(CHOICES.indexOf(chosen) + 1) % CHOICES.length];
    try {
      localStorage.setItem(KEY, chosen);
    } catch {
      // Where nothing may be stored the choice lasts as long as the page.
    }
    show();
  });
  show();
}

function remembered() {
  try {
    const value = localStorage.getItem(KEY);
    return CHOICES.includes(value) ? value : 'auto';
  } catch {
    return 'auto';
  }
}
