import type { Classification } from '@attune/models';
import { element } from '../shared/element.js';

const table = element('answer', HTMLTableElement);

/** The five most probable labels, each with its share as a bar and in percent. */
export function showAnswer(labels: Classification['labels']): void {
  table.replaceChildren();
  for (const { label, score } of labels.slice(0, 5)) {
    const row = table.insertRow();
    const bar = document.createElement('meter');
    bar.value = score;
    bar.textContent = score.toFixed(6);
    row.insertCell().textContent = label;
    row.insertCell().append(bar);
    row.insertCell().textContent = `${(100 * score).toFixed(1)} %`;
  }
}
