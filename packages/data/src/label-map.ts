import { nearest } from '@attune/core';
import { LabelFault } from './labelled-rows.js';

/** The classes of a model, in the order of its outputs. */
export class LabelMap {
  readonly names: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  constructor(names: readonly string[]) {
    this.names = names;
    this.#ids = new Map(names.map((name, id) => [name, id]));
  }

  /** The id of a label, or a fault where training has not seen it. */
  id(label: string): number | LabelFault {
    const id = this.#ids.get(label);
    if (id !== undefined) return id;
    const suggestion = nearest(label, this.names);
    return new LabelFault(
      label,
      `has the label "${label}", which the model was not trained on`,
      suggestion ? `Did you mean "${suggestion}"?` : `The model knows ${this.names.slice(0, 10).join(', ')}.`,
    );
  }

  /** The ids of several labels, or the first fault. */
  ids(labels: readonly string[]): readonly number[] | LabelFault {
    const ids: number[] = [];
    for (const label of labels) {
      const id = this.id(label);
      if (id instanceof LabelFault) return id;
      ids.push(id);
    }
    return ids;
  }
}
