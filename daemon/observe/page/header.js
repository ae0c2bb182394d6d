// The first line says which service, the second what is wrong with it.
import {element, html, morph, write} from './dom.js';
import {counted, span} from './numbers.js';
import {problemsOf} from './verdict.js';

const SHOWN = 3;      // as many as can be read at once; the rest on demand
const LASTING_MS = 1000;  // an ordinary restart takes milliseconds and is no reason to alarm anyone

export class Header {
  #since = new Map();  // text of a brief problem -> when it was first seen
  #unreadySince = -Infinity;  // null while ready; a page that finds it so says so at once
  #first = true;

  /// `open` is told {kind, name} of a problem that was clicked.
  constructor(open) {
    this.open = open;
  }

  update(graph) {
    write(element('service'), 'textContent', graph.name);
    const unready = this.#lastingUnready(graph);
    write(element('ready'), 'textContent', graph.stopping ? 'stopping' : unready ? 'not ready' : 'ready');
    write(element('ready'), 'className', `badge ${graph.stopping ? 'stopping' : unready ? 'not-ready' : 'ready'}`);
    write(element('facts'), 'textContent', `steadyd ${graph.version} · up ${span(graph.uptime_seconds)} · ` +
      `${counted(graph.actors.length, 'actor')} · ${counted(graph.channels.length, 'channel')}`);
    this.#showProblems(graph, this.#lasting(problemsOf(graph)), unready);
  }

  #lastingUnready(graph) {
    this.#unreadySince = graph.ready ? null : this.#unreadySince ?? performance.now();
    return this.#unreadySince !== null && performance.now() - this.#unreadySince >= LASTING_MS;
  }

  #lasting(problems) {
    const now = performance.now();
    const since = new Map();
    for (const problem of problems)
      if (problem.brief) since.set(problem.name, this.#since.get(problem.name) ?? (this.#first ? -Infinity : now));
    this.#since = since;
    this.#first = false;
    return problems.filter((problem) => !problem.brief || now - since.get(problem.name) >= LASTING_MS);
  }

  #showProblems(graph, problems, unready) {
    const button = ({severity, text, kind, name}) => html('button', {
      className: `problem ${severity}`, title: text, onclick: () => this.open({kind, name})}, text);
    const lines = problems.map(button);
    // What keeps it from being ready and is none of the above, such as an actor that is starting.
    if (!lines.length && unready && !graph.stopping)
      lines.push(...graph.not_ready.map((reason) => html('span', {className: 'problem yellow'}, reason)));
    if (!lines.length) lines.push(html('span', {className: 'problem well'}, wellness(graph)));
    morph(element('problems'), html('div', {}, ...lines.slice(0, SHOWN)));
    morph(element('more-problems-list'), html('div', {}, ...lines.slice(SHOWN)));
    element('more-problems').hidden = lines.length <= SHOWN;
    write(element('more-problems-count'), 'textContent', `+${lines.length - SHOWN} more`);
  }
}

function wellness(graph) {
  if (graph.stopping) return 'Stopping: sources have ended, the rest runs empty.';
  const running = graph.actors.filter((actor) => actor.state === 'running').length;
  const who = running === graph.actors.length ? 'every actor runs' : `${running} of ${graph.actors.length} actors run`;
  return `All is well: ${who}, nothing is held back.`;
}

/// The title names what is on the screen: the present, or the last that was heard.
export function showConnection(live, graph) {
  const word = live ? 'live' : 'snapshot';
  write(element('connection'), 'textContent', word);
  write(element('connection'), 'className', `badge ${word}`);
  document.title = `${graph?.name ?? 'steadyd'} — ${word}`;
  document.body.classList.toggle('snapshot-shown', !live);
}
