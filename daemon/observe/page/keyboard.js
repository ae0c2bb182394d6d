// Everything that can be done with the mouse, by keys.
import {element} from './dom.js';

const ARROWS = {ArrowLeft: {x: -1, y: 0}, ArrowRight: {x: 1, y: 0}, ArrowUp: {x: 0, y: -1}, ArrowDown: {x: 0, y: 1}};

/// `on`: escape(), activate(element), move(element or null, direction), search(), zoom(factor), fit().
export function listen(on) {
  const help = element('help');
  element('show-help').addEventListener('click', () => help.showModal());
  element('close-help').addEventListener('click', () => help.close());
  const keys = {
    '/': on.search, 'f': on.fit, '+': () => on.zoom(1.3), '=': () => on.zoom(1.3), '-': () => on.zoom(1 / 1.3),
    '?': () => help.showModal(),
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.key === 'Escape') return on.escape();
    if (event.target.matches('input, textarea, select')) return;
    const drawn = event.target.closest('[data-node], [data-edge]');
    if (drawn && (event.key === 'Enter' || event.key === ' ')) on.activate(drawn);
    else if (ARROWS[event.key] && (drawn || event.target.id === 'graph')) on.move(drawn, ARROWS[event.key]);
    else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
  });
}
