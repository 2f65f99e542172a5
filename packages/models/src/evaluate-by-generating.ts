/** A causal language model judged by what it writes. */
import { type BleuOptions, type Learner, type WrittenTextReport, writtenTextReport } from '@attune/core';
import type { InstructionDataset } from '@attune/data';
import { type ChatTemplate, loadChatTemplate } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { instructionQuestions } from '@attune/tasks/internal';
import type { TextWriter } from './loaders.js';
import { endTokensOf, promptTokens, streamTexts } from './stream-text.js';
import type { WritingOptions } from './writing-options.js';

export interface GeneratedAnswer {
  /** Line of the file, or number of the entry in a list. */
  readonly row: number;
  /** As the model read it, with what the chat template writes. */
  readonly prompt: string;
  /** What it should have written. */
  readonly reference: string;
  readonly generated: string;
}

export interface GenerationEvaluation {
  readonly metrics: WrittenTextReport;
  /** In the order of the examples. */
  readonly answers: readonly GeneratedAnswer[];
  /** For instance that rows were left out. */
  readonly warnings: readonly string[];
}

export interface GenerationEvaluationOptions extends Omit<WritingOptions, 'numReturnSequences'>, BleuOptions {
  /** Prompts that are gone on from at once, with padding on their left; 8 by default. */
  readonly batchSize?: number;
  /** What writes conversations; the model's own by default. */
  readonly chatTemplate?: () => Promise<ChatTemplate>;
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Writes the answer to each example, greedily by default, and compares it with the one that the example gives: completions by
 * their prompts, conversations by what stands before their last message. White space around both is no difference.
 * @param learner has the model on a device
 * @param examples those of `instructions` and `instructionRows`
 * @throws AttuneError `E_DATA_ROWS` for examples without an answer, `E_TOO_LONG` for a prompt as long as the model's context,
 * `E_TEMPLATE`, and as `streamTexts`
 */
export async function evaluateByGenerating(
  learner: Pick<Learner, 'generate'>,
  { model, tokenizer, source }: Pick<TextWriter, 'model' | 'tokenizer' | 'source'>,
  examples: InstructionDataset,
  options: GenerationEvaluationOptions = {},
): Promise<GenerationEvaluation> {
  const { batchSize = 8, chatTemplate = () => loadChatTemplate(source), tokenize, onProgress, ...writing } = options;
  const { questions, warnings } = await instructionQuestions(examples, chatTemplate, writing.signal);
  const ends = endTokensOf({ model }, tokenizer);
  const asked = await Promise.all(
    questions.map(async (question, index) => ({ ...question, index, ids: await idsOf(question) })),
  );
  // Prompts of about one length need little padding.
  const sorted = asked.toSorted((one, other) => one.ids.length - other.ids.length);
  const generated: string[] = [];
  for (let start = 0; start < sorted.length; start += batchSize) {
    const batch = sorted.slice(start, start + batchSize);
    const longest = batch.at(-1)!;
    const room = model.maxPositions - longest.ids.length;
    if (room < 1) throw tooLong(examples.name, longest, model.maxPositions);
    const maxNewTokens = Math.min(writing.maxNewTokens ?? DEFAULT_NEW_TOKENS, room);
    const requests = batch.map(({ ids }) => ({ prompt: ids, options: { ...writing, maxNewTokens } }));
    for await (const step of streamTexts(learner, { model, tokenizer }, requests)) {
      writing.signal?.throwIfAborted();
      for (const [place, written] of step.entries()) if (written) generated[batch[place]!.index] = written.text;
    }
    onProgress?.(Math.min(start + batchSize, sorted.length), sorted.length);
  }
  const answers = questions.map(({ row, prompt, reference }, index) => {
    return { row, prompt, reference, generated: generated[index] ?? '' };
  });
  const metrics = writtenTextReport(
    answers.map(({ reference }) => reference.trim()),
    answers.map(({ generated }) => generated.trim()),
    { tokenize },
  );
  return { metrics, answers, warnings };

  async function idsOf({ prompt, isTemplated }: (typeof questions)[number]): Promise<readonly number[]> {
    if (!isTemplated) return promptTokens(prompt, tokenizer, ends);
    const [encoding] = await tokenizer.encode([prompt], { addSpecialTokens: false });
    return encoding!.ids;
  }
}

const DEFAULT_NEW_TOKENS = 128;

const tooLong = (
  name: string,
  { row, ids }: { readonly row: number; readonly ids: readonly number[] },
  positions: number,
): AttuneError =>
  new AttuneError(
    'E_TOO_LONG',
    `The prompt in row ${row} of ${name} has ${ids.length} tokens, which leaves no room in the model's ${positions} positions.`,
    { file: name, field: 'prompt', hint: 'Shorten the prompt, or leave the row out.' },
  );
