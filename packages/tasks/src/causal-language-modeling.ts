/** The next token: texts become rows of tokens that are their own labels, and a model of it writes texts. */
import { causalLanguageModeling, type ExampleSource, POSITION_IDS, perplexityEvaluator } from '@attune/core';
import { outputWidth } from '@attune/core/internal';
import {
  byteSource,
  type EncodedDataset,
  type EncodingOptions,
  encodeExamples,
  type InstructionDataset,
  type InstructionExample,
  instructions,
  isInstructions,
  isTexts,
  type TextDataset,
} from '@attune/data';
import { readText, tokenLabels, tokenStream } from '@attune/data/internal';
import { loadChatTemplate, type Storage, type Tokenizer, writeFile } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { encoderScope } from './encoder.js';
import { learnedExamples } from './learned-examples.js';
import { flagOption, isTrue, type SettingsOf, sharedOptions, textOption } from './options.js';
import { hiddenStates } from './outputs.js';
import { tableOptions } from './settings.js';
import type { TaskSubject, TrainedTask } from './task.js';
import { tokenPieces } from './token-pieces.js';

export const writerOptions = {
  text: sharedOptions.text,
  assistantOnlyLoss: flagOption(isTrue, 'learn only what the assistant says in conversations', {
    uses: ['train', 'evaluate'],
    runField: 'objective',
  }),
  completionOnlyLoss: flagOption(
    z.optional(z.boolean()),
    'learn only the completions of rows with a prompt and a completion; true by default',
    { uses: ['train', 'evaluate'], runField: 'objective' },
  ),
  chatTemplate: textOption(z.optional(z.string()), "a file with a Jinja template, in place of the model's own", {
    uses: ['train', 'evaluate'],
    group: 'Data:',
  }),
  packing: flagOption(isTrue, 'put several texts into a row, each of which sees only itself', {
    uses: ['train'],
    group: 'Optimization:',
  }),
  lossType: textOption(
    z._default(z.enum(['nll', 'dft']), 'nll'),
    'nll, or dft: the loss of each token times its probability (arXiv 2508.05629)',
    { uses: ['train'], runField: 'objective', group: 'Optimization:' },
  ),
  tokenAccuracy: flagOption(isTrue, 'measure the share of tokens that the model holds for likeliest', {
    uses: ['train', 'evaluate'],
  }),
} as const;

export type WriterOptions = Omit<SettingsOf<typeof writerOptions>, 'text'>;

/**
 * `logits` [batch, tokens, vocabulary]; asked by generation, not by `predict`. A model with dropout before its scores also has
 * the states before and behind it, `lastHiddenState` and `droppedHiddenState`, for activation regularization.
 */
export const causalLanguageModelingTask: TrainedTask<never, never, WriterOptions, 'causal-language-modeling'> = {
  name: 'causal-language-modeling',
  defaultLength: 256,
  classSuffix: 'ForCausalLM',
  otherClassSuffixes: ['LMHeadModel'],
  peftTaskType: 'CAUSAL_LM',
  labelModules: [],
  hasProblemType: false,
  headOn({ vocabulary, ...encoder }) {
    if (!vocabulary || encoder.sees !== 'earlier') return undefined;
    return {
      ...vocabulary,
      keeps: ['vocabulary'],
      carriesState: true,
      forward(scope, inputs, options) {
        const states = encoder.states(encoderScope(scope, encoder), inputs);
        const dropped = vocabulary.dropout?.(scope, states.last);
        const logits = vocabulary.scores(scope, dropped ?? states.last);
        const penalized = dropped && { lastHiddenState: states.last, droppedHiddenState: dropped };
        return { logits, ...penalized, ...hiddenStates(states, options), ...states.carried };
      },
    };
  },
  use(subject, settings) {
    const { model, tokenizer, maxLength } = subject;
    const { lossType, tokenAccuracy = false, packing = false, assistantOnlyLoss, completionOnlyLoss } = settings;
    if (packing && !model.optionalInputs?.includes(POSITION_IDS)) throw cannotPack(model.architecture);
    const given = settings.chatTemplate;
    return {
      objective: causalLanguageModeling({
        classes: outputWidth(model, 'logits'),
        ...(lossType === 'dft' ? { lossType } : {}),
        ...(tokenAccuracy ? { tokenAccuracy } : {}),
      }),
      evaluator: perplexityEvaluator,
      ...(given === undefined ? {} : { describe: (target: Storage) => saveTemplate(given, target) }),
      async check(examples) {
        await learnedFrom(examples).skipped();
      },
      async encode(examples, watch) {
        const data = learnedFrom(examples);
        const isStream = model.state !== undefined;
        if (isTexts(data)) return encodeCausalLanguageModeling(data, tokenizer, { ...watch, maxLength, isStream });
        const all = await data.toArray();
        if (!packing && all.every(isPlain)) {
          const texts = { name: data.name, skipped: () => data.skipped(), toArray: async () => all.filter(isPlain) };
          return encodeCausalLanguageModeling(texts, tokenizer, { ...watch, maxLength, isStream });
        }
        const { encodeInstructions } = await import('./instructions/encode-instructions.js');
        const template = () => templateOf(subject, given);
        const parts = { assistantOnlyLoss, completionOnlyLoss, packing };
        return encodeInstructions(data, tokenizer, { ...watch, ...parts, maxLength, template });
      },
    };
  },
  aliases: ['clm', 'causal-lm', 'text-generation', 'language-modeling', 'causal_lm', 'sft', 'instruction-tuning'],
  options: writerOptions,
  files: {
    open: (file, settings) => instructions(file, { ...tableOptions(settings), text: settings.textColumn }),
    keyOf: ({ row: _, ...example }: InstructionExample) => JSON.stringify(example),
  },
  asking: { command: 'generate', example: '--prompt "…"' },
};

const isPlain = (example: InstructionExample) => example.kind === 'text';

const learnedFrom = (examples: ExampleSource): TextDataset | InstructionDataset =>
  learnedExamples(examples, (each) => isTexts(each) || isInstructions(each), {
    task: causalLanguageModelingTask.name,
    needed: 'texts, such as those of textLines(), csv() and rows(), and conversations, such as those of instructions()',
  });

const cannotPack = (architecture: string): AttuneError =>
  new AttuneError('E_CONFIG', `A ${architecture} cannot read rows that hold several texts.`, {
    field: 'packing',
    hint: 'Leave out packing.',
  });

/** @param given a file with a template in place of the model's */
export async function templateOf({ source }: Pick<TaskSubject, 'source'>, given: string | undefined) {
  if (given === undefined) return loadChatTemplate(source);
  return loadChatTemplate(source, { template: await readText(byteSource(given)), name: given });
}

/** What a model has learned to read goes with it. */
const saveTemplate = async (given: string, target: Storage): Promise<void> =>
  writeFile(target, 'chat_template.jinja', await readText(byteSource(given)));

interface CausalEncodeOptions extends EncodingOptions {
  /** The token that ends a text, and is learned as such; the tokenizer's own by default, none if it has none. */
  readonly endTokenId?: number | undefined;
  /** Whether texts go on from row to row and batch to batch, for a model that carries a state; false by default. */
  readonly isStream?: boolean;
}

/**
 * Texts in rows of at most `maxLength` tokens; a longer text goes on in the next row. Each ends with the end token. `labels`
 * i32 [batch, tokens] are the tokens; those that fill up a row are ignored. A stream has rows as `tokenStream` makes them.
 */
export async function encodeCausalLanguageModeling(
  texts: Pick<TextDataset, 'name' | 'skipped'> & { toArray(): Promise<readonly { text: string; row: number }[]> },
  tokenizer: Pick<Tokenizer, 'encode' | 'endTokenId' | 'padTokenId'>,
  { endTokenId = tokenizer.endTokenId, isStream = false, ...options }: CausalEncodeOptions,
): Promise<EncodedDataset> {
  const { maxLength, signal } = options;
  return encodeExamples(
    {
      name: texts.name,
      padTokenId: tokenizer.padTokenId,
      skippedRows: (await texts.skipped()).length,
      labelFields: [tokenLabels],
      items: await texts.toArray(),
      settings: JSON.stringify({ endTokenId }),
      ...(isStream ? { datasetOf: tokenStream } : {}),
      async encode(chunk) {
        const encodings = await tokenizer.encode(
          chunk.map(({ text }) => text),
          signal ? { signal } : {},
        );
        return encodings.flatMap(({ ids }, index) => {
          const ended = endTokenId === undefined || ids.at(-1) === endTokenId ? ids : [...ids, endTokenId];
          return (isStream ? [ended] : tokenPieces(ended, maxLength)).map((piece) => ({
            ids: piece,
            typeIds: piece.map(() => 0),
            truncated: false,
            labels: { labels: piece },
            row: chunk[index]!.row,
          }));
        });
      },
    },
    options,
  );
}
