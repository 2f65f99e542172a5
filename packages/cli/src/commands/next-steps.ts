/** What to type after a training. */
import type { TrainSettings } from './train-settings.js';

const questions: Readonly<Record<TrainSettings['task'], string>> = {
  'sequence-classification': '--text "…"',
  'token-classification': '--text "…"',
  'question-answering': '--question "…" --context "…"',
  'masked-language-modeling': '--text "… [MASK] …"',
  'causal-language-modeling': '--prompt "…"',
};

/** The command that asks a model of the task. */
const askedBy = (task: TrainSettings['task']): string => (task === 'causal-language-modeling' ? 'generate' : 'predict');

/** What a training ended with. */
export interface Trained {
  readonly isAdapter: boolean;
  /** Whether weights can hold the adapter. */
  readonly canMerge: boolean;
}

/** Commands with the run's own paths. */
export function nextSteps(settings: TrainSettings, { isAdapter, canMerge }: Trained): string {
  const { output, task, eval: evaluation } = settings;
  const model = `--model ${quoted(output)}`;
  const commands = [
    `${askedBy(task)} ${model} ${questions[task]}`,
    ...(evaluation ? [['evaluate', model, `--data ${quoted(evaluation)}`, ...columnsOf(settings)].join(' ')] : []),
    ...(canMerge ? [`merge ${model} --output ${quoted(`${trimmed(output)}-merged`)}`] : []),
    ...(canMerge || !isAdapter ? [`export ${model} --output ${quoted(`${trimmed(output)}.onnx`)}`] : []),
  ];
  return `next:\n${commands.map((command) => `  ${program()} ${command}`).join('\n')}`;
}

/** How this command was started: npm tells those that it starts. */
const program = (): string => (process.env.npm_command === 'exec' ? 'npx attune' : 'attune');

/** The options that say where in the data texts and labels stand, if they are not the usual ones. */
function columnsOf({ textColumn, textPairColumn, labelColumn, tokensColumn, tagsColumn }: TrainSettings): string[] {
  const flags: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ['--text-column', textColumn, 'text'],
    ['--text-pair-column', textPairColumn, undefined],
    ['--label-column', [labelColumn].flat().join(','), 'label'],
    ['--tokens-column', tokensColumn, undefined],
    ['--tags-column', tagsColumn, undefined],
  ];
  return flags.flatMap(([flag, value, usual]) =>
    value === undefined || value === usual ? [] : [`${flag} ${quoted(value)}`],
  );
}

const trimmed = (path: string): string => path.replace(/\/+$/, '');

/** As a shell takes it. */
const quoted = (word: string): string => (/^[\w./:@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
