// The tables below the graph: sorted by what is wrong until the user sorts them otherwise, filtered by the search.
import {attribute, html, write} from './dom.js';
import {counted} from './numbers.js';

/// More rows than these are shown on demand: nobody reads a thousand, and a browser has to lay them out every second.
const ROWS = 100;

export class Table {
  #sort = null;  // {column, down}
  #all = false;
  #items = [];

  /// `columns` are {title, text, value (to sort by; default: the text), kind, hint}; text and value are functions of an
  /// item. `options`: rank(item), the default order; opens(item), what a click on its first cell opens, as {kind,
  /// name}; classes(item).
  constructor(table, columns, options, open) {
    Object.assign(this, {table, columns, options, open});
    this.head = table.createTHead().insertRow();
    this.body = table.createTBody();
    this.more = table.parentElement.appendChild(html('button', {className: 'more', onclick: () => this.#showAll()}));
    for (const column of columns) this.head.append(this.#heading(column));
  }

  #heading(column) {
    const button = html('button', {onclick: () => this.#sortBy(column), title: column.hint ?? ''}, column.title);
    return html('th', {className: column.kind ?? '', scope: 'col'}, button);
  }

  /// First click: the most, or the beginning of the alphabet; then the other way round; then by what is wrong again.
  #sortBy(column) {
    const first = column.kind === 'number';
    if (this.#sort?.column !== column) this.#sort = {column, down: first};
    else this.#sort = this.#sort.down === first ? {column, down: !first} : null;
    this.columns.forEach((each, index) => attribute(this.head.cells[index], 'aria-sort',
      each !== this.#sort?.column ? null : this.#sort.down ? 'descending' : 'ascending'));
    this.#write();
  }

  #showAll() {
    this.#all = !this.#all;
    this.#write();
  }

  update(items) {
    this.#items = items;
    this.#write();
  }

  #write() {
    const items = this.#sorted();
    const shown = this.#all ? items : items.slice(0, ROWS);
    while (this.body.rows.length > shown.length) this.body.deleteRow(-1);
    shown.forEach((item, index) => this.#writeRow(this.body.rows[index] ?? this.#newRow(), item));
    this.more.hidden = items.length <= ROWS;
    write(this.more, 'textContent', this.#all ? `only the first ${ROWS}` : `all ${counted(items.length, 'row')}`);
  }

  #sorted() {
    const {rank} = this.options;
    if (!this.#sort) return rank ? [...this.#items].sort((a, b) => rank(a) - rank(b)) : this.#items;
    const {column, down} = this.#sort;
    const value = column.value ?? column.text;
    const order = (a, b) => typeof a === 'string' ? a.localeCompare(b, 'en', {numeric: true}) : a - b;
    return [...this.#items].sort((a, b) => (down ? -1 : 1) * order(value(a), value(b)));
  }

  #newRow() {
    const row = this.body.insertRow();
    for (const {kind} of this.columns) row.append(html('td', {className: kind ?? ''}, html('div')));
    const first = row.cells[0].firstChild;
    const {opens} = this.options;
    if (opens) first.append(html('button', {className: 'link', onclick: () => this.open(opens(row.item))}));
    return row;
  }

  #writeRow(row, item) {
    row.item = item;
    write(row, 'className', this.options.classes?.(item) ?? '');
    this.columns.forEach(({text, kind}, index) => {
      const content = row.cells[index].firstChild;
      const words = String(text(item));
      write(content.firstElementChild ?? content, 'textContent', words);
      if (kind === 'state') write(content, 'className', `state-${words}`);
      if (kind === 'long') write(content, 'title', words);
    });
  }
}
