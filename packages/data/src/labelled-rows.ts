/** Labels as numbers: a row whose label is of no use is a bad row like any other. */
import type { RowDataset } from './row-dataset.js';

/** Why a label cannot be used. */
export class LabelFault {
  readonly label: string;
  /** What is wrong with the row, after its place. */
  readonly problem: string;
  readonly hint: string;

  constructor(label: string, problem: string, hint: string) {
    this.label = label;
    this.problem = problem;
    this.hint = hint;
  }
}

export interface LabelledRows<Example, Labels> {
  readonly items: readonly { readonly example: Example; readonly labels: Labels }[];
  /** Rows of the source that were left out, for their labels or before. */
  readonly skippedRows: number;
}

/** @throws AttuneError `E_DATA_LABELS` with the first 20 rows whose labels cannot be used, unless they are skipped */
export async function labelRows<Example extends { readonly row: number }, Labels>(
  data: RowDataset<Example>,
  labelsOf: (example: Example) => Labels | LabelFault,
): Promise<LabelledRows<Example, Labels>> {
  const { problems, labelColumn } = await data.furtherProblems();
  let first: LabelFault | undefined;
  const items: { readonly example: Example; readonly labels: Labels }[] = [];
  for (const example of await data.toArray()) {
    const labels = labelsOf(example);
    if (!(labels instanceof LabelFault)) {
      items.push({ example, labels });
      continue;
    }
    first ??= labels;
    const column = labelColumn === undefined ? {} : { column: labelColumn };
    problems.add({ line: example.row, ...column, problem: labels.problem });
  }
  problems.throwIfAny({ code: 'E_DATA_LABELS', ...(first ? { field: first.label, hint: first.hint } : {}) });
  return { items, skippedRows: (await data.skipped()).length + problems.count };
}
