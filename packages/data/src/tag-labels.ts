/** How the tags of sentences become numbers. */
import { AttuneError } from '@attune/ir';
import type { TaggedDataset, TaggedExample } from './conll.js';
import type { LabelMap } from './label-map.js';
import { type LabelledRows, labelRows } from './labelled-rows.js';

/**
 * The ids of the tags.
 * @throws AttuneError `E_DATA_LABELS` for a model whose tags do not mark entities, and with the sentences whose tags it
 * does not know, unless they are skipped
 */
export function labelSentences(
  sentences: TaggedDataset,
  labels: LabelMap,
): Promise<LabelledRows<TaggedExample, readonly number[]>> {
  requireEntityTags(sentences.name, labels.names);
  return labelRows(sentences, ({ tags }) => labels.ids(tags));
}

/** The schemes that entities are scored by: BIO, IOE, IOBES and BILOU; of other tags F1 would mean nothing. */
function requireEntityTags(file: string, names: readonly string[]): void {
  const others = names.filter((name) => !/^(?:O|[BIESLU](?:-.*)?)$/s.test(name));
  const [first] = others;
  if (first === undefined) return;
  const shown = others.slice(0, 5).map((each) => `"${each.slice(0, 40)}"`);
  const areNumbers = others.every((name) => /^\d+$/.test(name));
  throw new AttuneError(
    'E_DATA_LABELS',
    `${file} has the tags ${shown.join(', ')}${others.length > 5 ? ' …' : ''}, which ${areNumbers ? 'are numbers without names' : 'mark no entities: tags are O, or B-, I-, E-, S-, L- or U- and a type'}.`,
    {
      file,
      field: first,
      hint: areNumbers
        ? "Name the tags in the order of their numbers: --labels O,B-PER,I-PER, in code labels: ['O', 'B-PER', 'I-PER']."
        : 'Write the tags as B-TYPE, I-TYPE and O.',
    },
  );
}
