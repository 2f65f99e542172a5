/** Where a written conversation has what the assistant says. */
import type { TextPlace } from '@attune/data/internal';
import type { ChatTemplate, Conversation, RenderedOrRefused } from '@attune/hub';

/** A text with the places that are learned, all of it if absent; or why there is none. */
export type WrittenText =
  | { readonly text: string; readonly places?: readonly TextPlace[] }
  | { readonly problem: string };

export const refusedBy = (refusal: string): WrittenText => ({
  problem: `is refused by the chat template: ${refusal}`,
});

/**
 * What the assistant says, with the token that ends it: between the template's `{% generation %}` tags, or, without such, what
 * a turn adds to the text that asks for it.
 */
export async function withAssistantTurns(
  template: ChatTemplate,
  conversations: readonly Conversation[],
  signal?: AbortSignal,
): Promise<readonly WrittenText[]> {
  const written = await template.renderEach(conversations, { signal });
  if (template.marksAnswers) {
    return written.map((made) =>
      'refusal' in made ? refusedBy(made.refusal) : { text: made.text, places: made.generated },
    );
  }
  const turns = conversations.map(({ messages }) =>
    messages.flatMap(({ role }, index) => (role === 'assistant' ? [index] : [])),
  );
  const [asked, answered] = await prefixes(template, conversations, turns, signal);
  let first = 0;
  return written.map((made, index) => {
    const own = turns[index] ?? [];
    const start = first;
    first += own.length;
    if ('refusal' in made) return refusedBy(made.refusal);
    const places = own.map((_, turn) => placeBetween(made.text, asked[start + turn], answered[start + turn]));
    const changed = places.indexOf(undefined);
    if (changed >= 0) return { problem: changesTurns(own[changed] ?? 0) };
    return { text: made.text, places: places.filter((place) => place !== undefined) };
  });
}

/** What stands behind the text that asks with the first messages of each conversation. */
export async function withCompletions(
  template: ChatTemplate,
  conversations: readonly (Conversation & { readonly promptMessages: number })[],
  signal?: AbortSignal,
): Promise<readonly WrittenText[]> {
  const written = await template.renderEach(conversations, { signal });
  const prompts = conversations.map((each) => ({ ...each, messages: each.messages.slice(0, each.promptMessages) }));
  const asked = await template.renderEach(prompts, { signal, addGenerationPrompt: true });
  return written.map((made, index) => {
    if ('refusal' in made) return refusedBy(made.refusal);
    const prompt = asked[index];
    if (!prompt || 'refusal' in prompt) return refusedBy(prompt?.refusal ?? '');
    const { promptMessages = 0 } = conversations[index] ?? {};
    if (!made.text.startsWith(prompt.text)) return { problem: changesTurns(promptMessages) };
    return { text: made.text, places: [[prompt.text.length, made.text.length]] };
  });
}

const changesTurns = (turn: number): string =>
  `has a message ${turn + 1} that the chat template writes otherwise when others follow: mark answers by {% generation %} in it`;

/** For each turn the text that asks for it, and the text with it. */
async function prefixes(
  template: ChatTemplate,
  conversations: readonly Conversation[],
  turns: readonly (readonly number[])[],
  signal: AbortSignal | undefined,
): Promise<readonly [readonly RenderedOrRefused[], readonly RenderedOrRefused[]]> {
  const upTo = (extra: number) =>
    conversations.flatMap((each, index) =>
      (turns[index] ?? []).map((turn) => ({ ...each, messages: each.messages.slice(0, turn + extra) })),
    );
  const asked = await template.renderEach(upTo(0), { signal, addGenerationPrompt: true });
  return [asked, await template.renderEach(upTo(1), { signal })];
}

/** Without the white space behind it, which templates write between turns. */
function placeBetween(
  text: string,
  asked: RenderedOrRefused | undefined,
  answered: RenderedOrRefused | undefined,
): TextPlace | undefined {
  if (!asked || !answered || 'refusal' in asked || 'refusal' in answered) return undefined;
  if (!text.startsWith(asked.text) || !text.startsWith(answered.text)) return undefined;
  const start = asked.text.length;
  const said = text.slice(start, answered.text.length).trimEnd();
  return [start, start + said.length];
}
