/** Golden renderings of conversations: texts, their ids, and what is learned of them. */
import { tokensIn } from '@attune/data/internal';
import { ChatTemplate, type RenderedText, type Tokenizer } from '@attune/hub';
import { z } from 'zod';
import type { Comparison } from './parity-case.js';

const rendering = z.looseObject({ text: z.string(), ids: z.array(z.number()).optional() });
const numbers = z.array(z.number());

const caseSchema = z.looseObject({
  messages: z.array(z.looseObject({ role: z.string() })),
  tools: z.array(z.unknown()).optional(),
  documents: z.array(z.unknown()).optional(),
  without_generation_prompt: rendering.optional(),
  with_generation_prompt: rendering.optional(),
  assistant_masks: numbers.optional(),
  labels_assistant_only: numbers.optional(),
  labels_last_turn_only: numbers.optional(),
});

export const chatFileSchema = z.looseObject({
  chat_template: z.string(),
  /** The same text, with what the assistant says between generation tags. */
  training_template: z.string().optional(),
  cases: z.array(caseSchema),
});

const exact = { rtol: 0, atol: 0 };

export async function compareChats(
  tokenizer: Tokenizer,
  { chat_template, training_template = chat_template, cases }: z.infer<typeof chatFileSchema>,
  specialTokens: Readonly<Record<string, string>>,
  comparison: Comparison,
): Promise<void> {
  const named = (text: string) => new ChatTemplate('chat_template', new Map([['default', text]]), specialTokens);
  const [template, training] = [named(chat_template), named(training_template)];
  for (const [index, golden] of cases.entries()) {
    const { messages, tools, documents } = golden;
    const conversation = { messages, ...(tools ? { tools } : {}), ...(documents ? { documents } : {}) };
    const render = async (from: ChatTemplate, upTo: number, addGenerationPrompt: boolean): Promise<RenderedText> => {
      const [made] = await from.render([{ ...conversation, messages: messages.slice(0, upTo) }], {
        addGenerationPrompt,
      });
      return made ?? { text: '', generated: [] };
    };
    const encode = async (text: string) => {
      const [encoding] = await tokenizer.encode([text], { addSpecialTokens: false });
      return { ids: encoding?.ids ?? [], offsets: encoding?.offsets ?? [] };
    };
    const all = messages.length;
    for (const field of ['without_generation_prompt', 'with_generation_prompt'] as const) {
      const want = golden[field];
      if (!want) continue;
      const { text } = await render(template, all, field === 'with_generation_prompt');
      comparison.add(`${field} of conversation ${index}`, [Number(text === want.text)], [1], exact);
      if (want.ids) comparison.add(`ids ${field} of conversation ${index}`, (await encode(text)).ids, want.ids, exact);
    }
    const { text, generated } = await render(training, all, false);
    const encoding = await encode(text);
    const learned = tokensIn(encoding, generated);
    const labelsOf = (inside: readonly boolean[]) => encoding.ids.map((id, token) => (inside[token] ? id : -100));
    if (golden.assistant_masks) {
      comparison.add(`assistant mask of conversation ${index}`, learned.map(Number), golden.assistant_masks, exact);
    }
    if (golden.labels_assistant_only) {
      const want = golden.labels_assistant_only;
      comparison.add(`labels of the assistant in conversation ${index}`, labelsOf(learned), want, exact);
    }
    if (golden.labels_last_turn_only) {
      const { text: prompt } = await render(template, all - 1, true);
      const last = labelsOf(tokensIn(encoding, [[prompt.length, text.length]]));
      comparison.add(`labels of the last turn in conversation ${index}`, last, golden.labels_last_turn_only, exact);
    }
  }
}
