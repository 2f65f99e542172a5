/** Files of tagged sentences: CoNLL, or JSON Lines with arrays of tokens and tags. */
import { z } from 'zod';
import { byteSource, type DataFile } from './byte-source.js';
import { type ConllOptions, conll, TaggedDataset } from './conll.js';
import { type JsonLinesOptions, loadExamples } from './json-lines.js';
import { namedLabel } from './row-dataset.js';

export interface TaggedColumns {
  /** Field of the tokens; `tokens` by default. */
  readonly tokens?: string;
  /** Field of the tags; `tags` by default. */
  readonly tags?: string;
}

/**
 * Sentences of a JSON Lines file: each line has an array of tokens and an array of as many tags (or their numbers).
 * @throws AttuneError (when read) as `loadExamples`, for arrays of different lengths too
 */
export function taggedJsonl(
  file: DataFile,
  { tokens = 'tokens', tags = 'tags' }: TaggedColumns = {},
  { labels, ...options }: JsonLinesOptions & Pick<ConllOptions, 'labels'> = {},
): TaggedDataset {
  const words = z.array(z.string().min(1, 'a token is empty')).min(1, 'there is no token');
  const names = z.array(
    z.union([z.string().min(1, 'a tag is empty'), z.number()]).transform((tag) => namedLabel(String(tag), labels)),
  );
  const schema = z
    .looseObject({ [tokens]: words, [tags]: names })
    .transform((row) => ({ tokens: words.parse(row[tokens]), tags: names.parse(row[tags]) }))
    .refine((row) => row.tokens.length === row.tags.length, {
      path: [tags],
      error: ({ input }) => lengthProblem(input),
    });
  const load = () => loadExamples(file, { tokens, tags }, schema, options);
  return new TaggedDataset(byteSource(file).name, load, labels);
}

const counted = z.object({ tokens: z.array(z.unknown()), tags: z.array(z.unknown()) });

function lengthProblem(input: unknown): string {
  const { data } = counted.safeParse(input);
  return `there are ${data?.tags.length} tags for ${data?.tokens.length} tokens`;
}

/** By the file's ending: `.jsonl` and `.ndjson` are JSON Lines, everything else is CoNLL. */
export function taggedFile(file: DataFile, columns: TaggedColumns & ConllOptions = {}): TaggedDataset {
  return /\.(jsonl|ndjson)$/i.test(byteSource(file).name) ? taggedJsonl(file, columns, columns) : conll(file, columns);
}
