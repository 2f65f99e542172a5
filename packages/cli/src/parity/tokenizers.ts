import { loadTokenizer, readJson } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { z } from 'zod';
import { join } from './golden-file.js';
import { Comparison, type ParityFolder, type ParityGroup, type ParityOutcome, unsupported } from './parity-case.js';

const encodingsSchema = z.looseObject({
  tokenizer: z.string(),
  cases: z.array(z.looseObject({ text: z.string(), ids: z.array(z.number()) })).or(z.record(z.string(), z.unknown())),
});

/** Files that name a tokenizer and hold its encodings. */
export const tokenizersGroup: ParityGroup = async (folder) => {
  const cases = [];
  for (const file of folder.files.filter((name) => name.endsWith('.json'))) {
    const parsed = encodingsSchema.safeParse(await readJson(folder.storage, join(folder.path, file)));
    if (!parsed.success || !Array.isArray(parsed.data.cases)) continue;
    const { tokenizer, cases: texts } = parsed.data;
    cases.push({
      id: join(folder.path, file.replace(/\.json$/, '')),
      run: () => runEncodings(folder, tokenizer, texts),
    });
  }
  return cases;
};

const fieldsSchema = z.looseObject({
  text: z.string(),
  ids: z.array(z.number()),
  type_ids: z.array(z.number()).optional(),
  ids_without_special: z.array(z.number()).optional(),
  tokens: z.array(z.string()).optional(),
  decoded: z.string().optional(),
});

async function runEncodings(
  { storage, path }: ParityFolder,
  name: string,
  texts: readonly unknown[],
): Promise<ParityOutcome> {
  const directory = nodeStorage(`${storage.name}/${path}/../../models/${name}`.replaceAll('//', '/'));
  if (!(await directory.exists('tokenizer.json'))) return unsupported(`the model ${name} is not beside the fixtures`);
  const tokenizer = await loadTokenizer(directory);
  const comparison = new Comparison();
  const exact = { rtol: 0, atol: 0 };
  for (const each of texts) {
    const { text, ids, type_ids, ids_without_special, tokens } = fieldsSchema.parse(each);
    const encoding = tokenizer.encodeText(text, undefined, Number.MAX_SAFE_INTEGER);
    comparison.add(`ids of ${JSON.stringify(text)}`, encoding.ids, ids, exact);
    if (type_ids) comparison.add(`type ids of ${JSON.stringify(text)}`, encoding.typeIds, type_ids, exact);
    if (ids_without_special)
      comparison.add(`plain ids of ${JSON.stringify(text)}`, tokenizer.encodePlain(text), ids_without_special, exact);
    const same = tokens?.every((token, index) => tokenizer.token(encoding.ids[index]!) === token) ?? true;
    comparison.add(`tokens of ${JSON.stringify(text)}`, [Number(same)], [1], exact);
  }
  return comparison.outcome;
}
