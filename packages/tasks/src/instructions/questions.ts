/** What examples ask for, apart from the answer that each should get. */
import { finishRows, type InstructionDataset, type InstructionExample } from '@attune/data';
import { skippedWarnings } from '@attune/data/internal';
import type { ChatTemplate } from '@attune/hub';

interface InstructionQuestion {
  /** As the chat template writes it, with the beginning of an answer; a plain prompt as it stands. */
  readonly prompt: string;
  /** Whether the prompt has its special tokens already. */
  readonly isTemplated: boolean;
  readonly reference: string;
  /** Line of the file, or number of the entry in a list. */
  readonly row: number;
}

interface AskedQuestions {
  readonly questions: readonly InstructionQuestion[];
  readonly warnings: readonly string[];
}

/**
 * The prompts and answers of completions and conversations; of a conversation the last message is the answer. Rows that end
 * without one, and plain texts, are bad rows.
 * @param template what writes conversations; asked for when the first one is met
 * @throws AttuneError `E_DATA_ROWS`, `E_DATA_EMPTY` without any other row, `E_TEMPLATE` without a template for conversations
 */
export async function instructionQuestions(
  data: InstructionDataset,
  template: () => Promise<ChatTemplate>,
  signal?: AbortSignal,
): Promise<AskedQuestions> {
  const { problems } = await data.furtherProblems();
  const asked = (await data.toArray()).flatMap((example) => {
    const reference = answerOf(example);
    if (reference !== undefined) return [{ example, reference }];
    problems.add({ line: example.row, problem: 'has no prompt with an answer to compare with' });
    return [];
  });
  const conversations = asked.flatMap(({ example }) =>
    example.kind === 'conversation' ? [{ ...example, messages: example.messages.slice(0, -1) }] : [],
  );
  const rendered =
    conversations.length === 0
      ? []
      : await (await template()).renderEach(conversations, { addGenerationPrompt: true, signal });
  const byRow = new Map(conversations.map(({ row }, index) => [row, rendered[index]]));
  const questions = asked.flatMap(({ example, reference }): readonly InstructionQuestion[] => {
    const { row } = example;
    if (example.kind === 'completion') return [{ prompt: example.prompt, isTemplated: false, reference, row }];
    const made = byRow.get(row);
    if (made && 'text' in made) return [{ prompt: made.text, isTemplated: true, reference, row }];
    problems.add({ line: row, problem: `is refused by the chat template: ${made?.refusal ?? ''}` });
    return [];
  });
  finishRows(data.name, questions, problems, 'row with an answer');
  return { questions, warnings: skippedWarnings((await data.skipped()).length + problems.count, data.name) };
}

/** What the assistant should say in the end; undefined if the example has nothing of the kind. */
function answerOf(example: InstructionExample): string | undefined {
  if (example.kind === 'text') return undefined;
  const answer = example.kind === 'completion' ? example.completion : lastAnswer(example.messages);
  return answer === undefined || answer.trim() === '' ? undefined : answer;
}

function lastAnswer(messages: readonly { readonly role: string; readonly content?: unknown }[]): string | undefined {
  const last = messages.at(-1);
  return last?.role === 'assistant' && messages.length > 1 && typeof last.content === 'string'
    ? last.content
    : undefined;
}
