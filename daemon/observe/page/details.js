// The panel at the side: everything about one actor, one channel or one folded group. What /graph.json says is written
// with each document; what /details.json adds (the past, incidents, dead letters, the log) every two seconds.
import {fetched} from './connection.js';
import {html, morph} from './dom.js';
import {actorFacts, channelFacts, groupFacts} from './facts.js';
import {actorPast, channelPast} from './past.js';

const PERIOD_MS = 2000;

export class Details {
  #chosen = null;  // {kind: 'actor' | 'channel' | 'group', name}
  #past = null;
  #range = 'fine';
  #timer = null;
  #context = null;

  /// `on`: open(what) follows a link, fold(group key) folds or unfolds, closed() is told.
  constructor(panel, on) {
    this.panel = panel;
    this.on = on;
    this.facts = html('div', {className: 'facts'});
    this.history = html('div', {className: 'past'});
    this.heading = html('h2', {tabIndex: -1});
    const close = {className: 'icon', title: 'close (Esc)', 'aria-label': 'close', onclick: () => this.close()};
    panel.append(html('header', {}, this.heading, html('button', close, '✕')), this.facts, this.history);
  }

  get chosen() {
    return this.#chosen;
  }

  open(what) {
    if (this.#chosen?.kind === what.kind && this.#chosen.name === what.name) return;
    this.#chosen = what;
    this.#past = null;
    this.panel.hidden = false;
    this.panel.scrollTop = 0;
    this.heading.textContent = what.name;
    this.facts.replaceChildren();
    this.history.replaceChildren();
    if (this.#context) this.update(this.#context);
    this.#refetch();
  }

  close() {
    if (!this.#chosen) return;
    clearTimeout(this.#timer);
    this.#chosen = null;
    this.panel.hidden = true;
    this.on.closed();
  }

  /// Writes what a new document says. `context` is {graph, marks, isFolded}.
  update(context) {
    this.#context = context;
    const {kind, name} = this.#chosen ?? {};
    if (!kind) return;
    const facts = {actor: actorFacts, channel: channelFacts, group: groupFacts}[kind](name, context, this.on);
    morph(this.facts, html('div', {}, ...facts));
  }

  async #refetch() {
    clearTimeout(this.#timer);
    const chosen = this.#chosen;
    if (chosen.kind !== 'group') {
      const past = await fetched(`details.json?${chosen.kind}=${encodeURIComponent(chosen.name)}`);
      if (this.#chosen !== chosen) return;
      if (past || !this.#past) this.#showPast(past);
    }
    this.#timer = setTimeout(() => this.#refetch(), PERIOD_MS);
  }

  #showPast(past) {
    this.#past = past;
    const choose = (range) => {
      this.#range = range;
      this.#showPast(this.#past);
    };
    const content = !past ? [html('p', {className: 'soft'}, 'This steadyd tells nothing of its past.')] :
      (this.#chosen.kind === 'actor' ? actorPast : channelPast)(past, this.#range, choose);
    morph(this.history, html('div', {}, ...content));
  }
}
