/** What stands in a row's text, and which parts of it are learned. */
import type { ConversationExample, InstructionExample } from '@attune/data';
import type { TextPlace } from '@attune/data/internal';
import type { ChatTemplate } from '@attune/hub';
import { refusedBy, type WrittenText, withAssistantTurns, withCompletions } from './answer-places.js';

/** The options of TRL's SFTConfig that say what is learned. */
export interface LearnedParts {
  /** Whether only what the assistant says is learned of a conversation; false by default. */
  readonly assistantOnlyLoss: boolean;
  /** Whether only completions are learned of rows that have such; true by default. */
  readonly completionOnlyLoss: boolean;
}

/**
 * The texts of examples.
 * @param template asked for if there is a conversation
 * @throws AttuneError `E_TEMPLATE`
 */
export async function writeExamples(
  examples: readonly InstructionExample[],
  template: () => Promise<ChatTemplate>,
  parts: LearnedParts,
  signal?: AbortSignal,
): Promise<readonly WrittenText[]> {
  const conversations = examples.filter((example) => example.kind === 'conversation');
  const written =
    conversations.length === 0 ? [] : await writeConversations(conversations, await template(), parts, signal);
  const byExample = new Map(conversations.map((example, index) => [example, written[index]]));
  return examples.map((example) => {
    if (example.kind === 'text') return { text: example.text };
    if (example.kind === 'conversation') return byExample.get(example) ?? { problem: 'is written by no template' };
    const text = `${example.prompt}${example.completion}`;
    return parts.completionOnlyLoss ? { text, places: [[example.prompt.length, text.length]] } : { text };
  });
}

async function writeConversations(
  examples: readonly ConversationExample[],
  template: ChatTemplate,
  { assistantOnlyLoss, completionOnlyLoss }: LearnedParts,
  signal: AbortSignal | undefined,
): Promise<readonly WrittenText[]> {
  const whole = assistantOnlyLoss
    ? await withAssistantTurns(template, examples, signal)
    : (await template.renderEach(examples, { signal })).map(
        (made): WrittenText => ('refusal' in made ? refusedBy(made.refusal) : { text: made.text }),
      );
  if (!completionOnlyLoss) return whole;
  const cut = examples.flatMap((example, index) => (hasPrompt(example) ? [{ example, index }] : []));
  const completed = await withCompletions(
    template,
    cut.map(({ example }) => example),
    signal,
  );
  const places = new Map(cut.map(({ index }, place) => [index, completed[place]]));
  return whole.map((made, index) => {
    const completion = places.get(index);
    if (!completion || 'problem' in made || 'problem' in completion) return completion ?? made;
    return made.places ? { ...made, places: common(made.places, completion.places ?? []) } : completion;
  });
}

const hasPrompt = (
  example: ConversationExample,
): example is ConversationExample & { readonly promptMessages: number } => example.promptMessages !== undefined;

/** What lies in a place of both lists. */
const common = (one: readonly TextPlace[], other: readonly TextPlace[]): readonly TextPlace[] =>
  one.flatMap(([start, end]) =>
    other.flatMap(([from, to]): readonly TextPlace[] => {
      const both: TextPlace = [Math.max(start, from), Math.min(end, to)];
      return both[0] < both[1] ? [both] : [];
    }),
  );
