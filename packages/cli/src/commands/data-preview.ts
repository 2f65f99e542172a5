/** `attune data preview`: what a language model would learn of a file. */
import { IGNORED_LABEL, POSITION_IDS } from '@attune/core';
import { type EncodedExample, instructions } from '@attune/data';
import { loadTokenizer, type Tokenizer } from '@attune/hub';
import { modelStorage } from '@attune/inference/places';
import { causalLanguageModelingTask, tableOptions } from '@attune/tasks';
import { encodeInstructions, templateOf, writerOptions } from '@attune/tasks/internal';
import pico from 'picocolors';
import { z } from 'zod';
import type { CommandContext } from '../command-context.js';
import { argument, dataOptions, number, positive, reportOptions, text } from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import type { Settings } from '../options.js';
import type { StyledText } from '../output.js';

const { assistantOnlyLoss, completionOnlyLoss, chatTemplate, packing } = writerOptions;

export const dataPreviewOptions = {
  view: argument(z.enum(['preview']), 'preview: tokens, and which of them are learned'),
  file: argument(z.string(), 'conversations, prompts with completions, or texts'),
  model: text(z.string(), 'a model directory, for its tokenizer and chat template'),
  ...dataOptions,
  ...{ assistantOnlyLoss, completionOnlyLoss, chatTemplate, packing },
  top: number(positive.default(5), 'rows to show'),
  ...reportOptions,
} as const;

export async function dataPreview(
  settings: Settings<typeof dataPreviewOptions>,
  { output, signal }: CommandContext,
): Promise<number> {
  const { file, textColumn, maxLength = causalLanguageModelingTask.defaultLength, top } = settings;
  const source = await modelStorage(settings.model);
  const tokenizer = await loadTokenizer(source);
  const data = instructions(file, { ...tableOptions(settings), text: textColumn });
  const { examples, dataset, warnings } = await encodeInstructions(data, tokenizer, {
    maxLength,
    signal,
    assistantOnlyLoss: settings.assistantOnlyLoss,
    completionOnlyLoss: settings.completionOnlyLoss,
    packing: settings.packing,
    template: () => templateOf({ source }, settings.chatTemplate),
  });
  for (const warning of warnings) output.warn(warning);
  const sum = (count: (example: EncodedExample) => number) => examples.reduce((total, each) => total + count(each), 0);
  const facts = {
    rows: examples.length,
    tokens: sum(({ ids }) => ids.length),
    learned: sum((example) => learnedOf(example).filter(Boolean).length),
    truncated: examples.filter(({ truncated }) => truncated).length,
    skipped: dataset.skippedRows,
    maxLength,
  };
  const shown = examples.slice(0, top);
  output.result({ file, ...facts, examples: shown.map((example) => recordOf(example, tokenizer)) }, [
    ...shown.flatMap((example) => [...linesOf(example, tokenizer, file), { text: '\n\n' }]),
    {
      text: `${file}: ${facts.rows} rows of at most ${maxLength} tokens, ${facts.tokens} tokens, ${facts.learned} of them learned; ${facts.truncated} rows cut, ${facts.skipped} skipped`,
    },
  ]);
  return exitCodes.ok;
}

/** Whether each token is a target; the first one of a text never is. */
function learnedOf({ labels: { labels }, ids }: EncodedExample): readonly boolean[] {
  return ids.map((_, place) => place > 0 && Array.isArray(labels) && labels[place] !== IGNORED_LABEL);
}

const positionsOf = ({ labels }: EncodedExample): readonly number[] | undefined => {
  const positions = labels[POSITION_IDS];
  return Array.isArray(positions) ? positions : undefined;
};

function recordOf(example: EncodedExample, tokenizer: Tokenizer) {
  const positions = positionsOf(example);
  return {
    row: example.row,
    ids: example.ids,
    tokens: example.ids.map((id) => tokenizer.token(id) ?? ''),
    learned: learnedOf(example),
    truncated: example.truncated,
    ...(positions ? { positionIds: positions } : {}),
  };
}

/** Runs of tokens that are learned, or are not, as text; without colours what is learned stands in brackets. */
function linesOf(example: EncodedExample, tokenizer: Tokenizer, file: string): readonly StyledText[] {
  const learned = learnedOf(example);
  const positions = positionsOf(example);
  const begins = (place: number) => place > 0 && positions?.[place] === 0;
  const runs: StyledText[] = [];
  for (let start = 0, end = 1; start < learned.length; start = end, end = start + 1) {
    while (end < learned.length && learned[end] === learned[start] && !begins(end)) end++;
    const text = tokenizer.decode(example.ids.slice(start, end), { skipSpecialTokens: false });
    if (begins(start)) runs.push({ text: '\n─── the next text of the row\n', style: pico.yellow });
    if (!learned[start]) runs.push({ text, style: pico.dim });
    else runs.push(pico.isColorSupported ? { text, style: pico.green } : { text: `⟦${text}⟧` });
  }
  const counts = `${example.ids.length} tokens, ${learned.filter(Boolean).length} learned`;
  const head = `${file}:${example.row}  ${counts}${example.truncated ? ', cut' : ''}\n`;
  return [{ text: head, style: pico.bold }, ...runs];
}
