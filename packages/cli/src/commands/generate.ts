import { basename, dirname } from 'node:path';
import { Learner } from '@attune/core';
import { loadTokenizer, readJson, type Storage } from '@attune/hub';
import { jsonSchemaGrammar, nodeStorage } from '@attune/hub/node';
import { openTrainedModel } from '@attune/inference';
import { streamTexts, type WrittenText } from '@attune/models';
import { causalLanguageModelingTask, requireText } from '@attune/tasks';
import { z } from 'zod';
import { chosenBackend } from '../backends.js';
import type { CommandContext } from '../command-context.js';
import { baseOption, modelOption, runOptions, text } from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import type { Settings } from '../options.js';
import { printable } from '../output.js';
import { interruptible } from '../signals.js';
import { writingOf, writingOptionTable } from '../writing-option-table.js';

export const generateOptions = {
  model: modelOption,
  base: baseOption,
  prompt: text(z.string(), 'the text to go on from'),
  jsonSchema: { ...text(z.string().optional(), 'a file with a JSON schema that the text follows'), group: 'Writing:' },
  ...writingOptionTable,
  ...runOptions,
} as const;

/** `attune generate`: goes on from a prompt; the text appears as it is written, under --json in the last line. */
export async function generate(
  settings: Settings<typeof generateOptions>,
  { output, signal }: CommandContext,
): Promise<number> {
  const prompt = requireText(settings.prompt, 'prompt');
  const backend = await chosenBackend(settings, output.note);
  const request = { base: settings.base, task: causalLanguageModelingTask };
  const opened = await interruptible(signal, () => openTrainedModel(settings.model, request));
  for (const message of opened.warnings) output.warn(message);
  const { loaded, weights, strategies, base } = opened;
  const { model } = loaded;
  const tokenizer = await loadTokenizer(base);
  await using learner = await Learner.open({ model: { model, weights }, strategy: strategies, backend });
  using grammar = await grammarOf(settings.jsonSchema, base);
  const options = { ...writingOf(settings), signal, ...(grammar ? { grammar } : {}) };
  const isOne = settings.numReturnSequences === 1;
  const made: WrittenText[] = [];
  await interruptible(signal, async () => {
    for await (const step of streamTexts(learner, { model, tokenizer }, [{ prompt, options }])) {
      signal.throwIfAborted();
      for (const [index, written] of step.entries()) {
        if (!written) continue;
        made[index] = written;
        if (isOne && !output.json) process.stdout.write(printable(written.piece));
      }
    }
  });
  const texts = made.map(({ text, tokens }) => ({ text, tokens }));
  if (output.json) output.result(isOne ? texts[0]! : { texts }, '');
  else process.stdout.write(`${isOne ? '' : texts.map(({ text }) => printable(text)).join('\n\n')}\n`);
  return exitCodes.ok;
}

/** @param base has the tokenizer @throws AttuneError `E_SCHEMA`, `E_FILE_MISSING`, `E_FILE_JSON` */
const grammarOf = async (file: string | undefined, base: Storage) =>
  file === undefined ? undefined : jsonSchemaGrammar(base, await readJson(nodeStorage(dirname(file)), basename(file)));
