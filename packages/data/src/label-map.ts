import { nearest } from '@attune/core';
import { AttuneError } from '@attune/ir';

/** The classes of a model, in the order of its outputs. */
export class LabelMap {
  readonly names: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  constructor(names: readonly string[]) {
    this.names = names;
    this.#ids = new Map(names.map((name, id) => [name, id]));
  }

  /** The id of a label. @throws AttuneError `E_DATA_LABELS` for one that training has not seen, naming `file:row`. */
  id(label: string, file: string, row: number): number {
    const id = this.#ids.get(label);
    if (id !== undefined) return id;
    const suggestion = nearest(label, this.names);
    throw new AttuneError(
      'E_DATA_LABELS',
      `${file}:${row} has the label "${label}", which the model was not trained on.`,
      {
        file,
        field: label,
        hint: suggestion ? `Did you mean "${suggestion}"?` : `The model knows ${this.names.slice(0, 10).join(', ')}.`,
      },
    );
  }
}
