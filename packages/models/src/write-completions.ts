/** Texts that a model writes while it is trained, to look at. */
import type { Completion, CompletionWriter } from '@attune/core';
import { type ChatTemplate, loadChatTemplate } from '@attune/hub';
import { readTemplateFile } from '@attune/hub/internal';
import type { TextWriter } from './loaders.js';
import { streamTexts } from './stream-text.js';
import type { WritingOptions } from './writing-options.js';

export interface CompletionOptions extends Omit<WritingOptions, 'numReturnSequences'> {
  /** What writes prompts as turns of a conversation; the model's own by default, and none if it has none. */
  readonly chatTemplate?: () => Promise<ChatTemplate | undefined>;
}

/**
 * For `logCompletions` of the Trainer: goes on from each prompt. A model with a chat template is asked the prompt as a user
 * asks it; any other one goes on from the text itself.
 * @param options of writing: greedily, at most 64 tokens by default
 * @throws AttuneError (when it writes) `E_TEMPLATE`, and as `streamTexts`
 */
export function writeCompletions(
  writer: Pick<TextWriter, 'model' | 'tokenizer' | 'source'>,
  prompts: readonly string[],
  { chatTemplate = () => ownTemplate(writer), ...options }: CompletionOptions = {},
): CompletionWriter {
  let asked: Promise<readonly (string | readonly number[])[]> | undefined;
  return async (learner, signal) => {
    asked ??= askedAs(await chatTemplate(), prompts, writer);
    const requests = (await asked).map((prompt) => ({ prompt, options: { maxNewTokens: 64, ...options, signal } }));
    const completions: Completion[] = prompts.map((prompt) => ({ prompt, completion: '' }));
    for await (const step of streamTexts(learner, writer, requests)) {
      signal?.throwIfAborted();
      for (const [row, written] of step.entries()) {
        if (written) completions[row] = { prompt: prompts[row]!, completion: written.text };
      }
    }
    return completions;
  };
}

const ownTemplate = async ({ source }: Pick<TextWriter, 'source'>): Promise<ChatTemplate | undefined> =>
  (await readTemplateFile(source)) ? loadChatTemplate(source) : undefined;

/** As turns of a user if there is a template. */
async function askedAs(
  template: ChatTemplate | undefined,
  prompts: readonly string[],
  { tokenizer }: Pick<TextWriter, 'tokenizer'>,
): Promise<readonly (string | readonly number[])[]> {
  if (!template) return prompts;
  const conversations = prompts.map((content) => ({ messages: [{ role: 'user', content }] }));
  const rendered = await template.render(conversations, { addGenerationPrompt: true });
  const encodings = await tokenizer.encode(
    rendered.map(({ text }) => text),
    { addSpecialTokens: false },
  );
  return encodings.map(({ ids }) => ids);
}
