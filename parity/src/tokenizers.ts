/**
 * Golden encodings: files with a list of cases, each of one text, a pair, or a batch, with the tokenizer that it is for
 * (in the case or for the whole file) and the values of the Rust library and of transformers. Every file and tokenizer
 * is a case of its own.
 */
import { loadTokenizer, readJson, type Storage } from '@attune/hub';
import { readSpecialTokens } from '@attune/hub/internal';
import { nodeStorage } from '@attune/hub/node';
import { z } from 'zod';
import { chatFileSchema, compareChats } from './chat-cases.js';
import { join } from './golden-file.js';
import { Comparison, type ParityFolder, type ParityGroup, type ParityOutcome, unsupported } from './parity-case.js';
import { compareBatch, compareCase, goldenBatchSchema, goldenCaseSchema } from './tokenizer-cases.js';

const fileSchema = z.looseObject({
  tokenizer: z.string().optional(),
  cases: z.array(z.looseObject({ tokenizer: z.string().optional() })),
});

export const tokenizersGroup: ParityGroup = async (folder) => {
  const cases = [];
  for (const file of folder.files.filter((name) => name.endsWith('.json'))) {
    const content = await readJson(folder.storage, join(folder.path, file));
    const parsed = fileSchema.safeParse(content);
    if (!parsed.success) continue;
    const chats = chatFileSchema.safeParse(content);
    const { tokenizer, cases: all } = parsed.data;
    const names = new Set(all.map((each) => each.tokenizer ?? tokenizer));
    for (const name of names) {
      if (name === undefined) continue;
      const own = all.filter((each) => (each.tokenizer ?? tokenizer) === name);
      const id = join(folder.path, file.replace(/\.json$/, ''));
      const run = () => (chats.success ? runChats(folder, name, chats.data) : runCases(folder, name, own));
      cases.push({ id: tokenizer === undefined ? `${id}/${name}` : id, run });
    }
  }
  return cases;
};

async function runCases(folder: ParityFolder, name: string, cases: readonly unknown[]): Promise<ParityOutcome> {
  const model = await modelNamed(folder, name);
  if (!model) return notThere(name);
  const tokenizer = await loadTokenizer(model);
  const comparison = new Comparison();
  for (const each of cases) {
    const batch = goldenBatchSchema.safeParse(each);
    if (batch.success) await compareBatch(tokenizer, batch.data, comparison);
    else await compareCase(tokenizer, goldenCaseSchema.parse(each), comparison);
  }
  return comparison.outcome;
}

async function runChats(
  folder: ParityFolder,
  name: string,
  chats: z.infer<typeof chatFileSchema>,
): Promise<ParityOutcome> {
  const model = await modelNamed(folder, name);
  if (!model) return notThere(name);
  const comparison = new Comparison();
  await compareChats(await loadTokenizer(model), chats, await readSpecialTokens(model), comparison);
  return comparison.outcome;
}

const notThere = (name: string) => unsupported(`the model ${name} is not beside the fixtures`);

/** The directory of that name in `models` beside the fixtures, or the only one whose name contains it. */
async function modelNamed({ storage, path }: ParityFolder, name: string): Promise<Storage | undefined> {
  const models = nodeStorage(`${storage.name}/${path}/../../models`.replaceAll('//', '/'));
  const directories = (await models.exists('')) ? (await models.list('')).map((entry) => entry.name) : [];
  const like = directories.filter((directory) => directory.includes(name));
  const found = directories.includes(name) ? name : like.length === 1 ? like[0] : undefined;
  if (found === undefined || !(await models.exists(`${found}/tokenizer.json`))) return undefined;
  return nodeStorage(`${models.name}/${found}`);
}
