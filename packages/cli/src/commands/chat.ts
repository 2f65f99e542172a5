import { createInterface } from 'node:readline';
import { type Chat, openModel } from '@attune/inference';
import { isAttuneError } from '@attune/ir';
import type { WrittenText } from '@attune/models';
import { causalLanguageModelingTask } from '@attune/tasks';
import { z } from 'zod';
import { chosenBackend } from '../backends.js';
import { requiredChatTemplate } from '../chat-template.js';
import type { CommandContext } from '../command-context.js';
import { baseOption, chatTemplateOption, modelOption, runOptions, text } from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import type { Settings } from '../options.js';
import { type Output, printable } from '../output.js';
import { interruptible } from '../signals.js';
import { writingOf, writingOptionTable } from '../writing-option-table.js';

const { numReturnSequences, numBeams, lengthPenalty, earlyStopping, ...ofOneText } = writingOptionTable;

export const chatOptions = {
  model: modelOption,
  base: baseOption,
  chatTemplate: chatTemplateOption,
  system: text(z.string().optional(), 'what the model is told before the conversation'),
  ...ofOneText,
  ...runOptions,
} as const;

const HELP = '/reset begins again, /system TEXT tells the model something first, /exit ends';

/** `attune chat`: a conversation in the terminal or over a pipe, a line for each turn. */
export async function chat(
  settings: Settings<typeof chatOptions>,
  { output, signal }: CommandContext,
): Promise<number> {
  const backend = await chosenBackend(settings, output.note);
  const request = { backend, base: settings.base, task: causalLanguageModelingTask };
  await using model = await interruptible(signal, () => openModel(settings.model, request));
  for (const message of model.warnings) output.warn(message);
  const chatTemplate = await requiredChatTemplate(await model.reader(), settings.chatTemplate);
  using conversation = await interruptible(signal, () =>
    model.chat({ ...writingOf(settings), chatTemplate, system: settings.system }),
  );
  const { stdin, stdout } = process;
  const lines = createInterface({ input: stdin, ...(stdin.isTTY ? { output: stdout } : {}), prompt: '> ' });
  // A terminal in this mode gives Ctrl-C to the reader of lines.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  signal.addEventListener('abort', () => lines.close(), { once: true });
  if (stdin.isTTY) output.note(HELP);
  const ask = () => {
    if (stdin.isTTY) lines.prompt();
  };
  let turns = 0;
  ask();
  for await (const line of lines) {
    signal.throwIfAborted();
    const [command = '', rest = ''] = line.startsWith('/') ? (/^(\S+)\s*(.*)$/.exec(line)?.slice(1) ?? []) : [];
    if (command === '/exit') break;
    if (command === '/reset') conversation.begin(conversation.system);
    else if (command === '/system') conversation.begin(rest === '' ? undefined : rest);
    else if (command !== '') output.note(HELP);
    else if (line.trim() !== '') turns += (await answered(conversation, line, output, signal)) ? 1 : 0;
    ask();
  }
  output.result({ turns, computedTokens: conversation.computedTokens }, '');
  return exitCodes.ok;
}

/** Shows an answer, or why there is none. */
async function answered(conversation: Chat, line: string, output: Output, signal: AbortSignal): Promise<boolean> {
  try {
    let last: WrittenText | undefined;
    await interruptible(signal, async () => {
      for await (const written of conversation.answer(line, { signal })) {
        last = written;
        if (!output.json) process.stdout.write(printable(written.piece));
      }
    });
    const { text = '', tokens = [], finishReason } = last ?? {};
    if (!output.json) process.stdout.write('\n');
    output.event({ type: 'answer', text, tokens, finishReason });
    return true;
  } catch (error) {
    // The conversation stays as it was before the line.
    if (!isAttuneError(error) || !['E_TOO_LONG', 'E_TEMPLATE'].includes(error.code)) throw error;
    output.warn(
      error.code === 'E_TOO_LONG'
        ? `${error.message} Begin again with /reset.`
        : `${error.message} ${error.hint ?? ''}`.trim(),
    );
    return false;
  }
}
