/** The `attune` command: its sub-commands, and how they end. */
import { VERSION } from '@attune/core';
import { AttuneError, isAttuneError } from '@attune/ir';
import { Command, CommanderError } from 'commander';
import type { CommandContext } from './command-context.js';
import { chat, chatOptions } from './commands/chat.js';
import { combine, combineOptions } from './commands/combine.js';
import { compare, compareOptions } from './commands/compare.js';
import { dataPreview, dataPreviewOptions } from './commands/data-preview.js';
import { doctor, listBackends } from './commands/doctor.js';
import { embed, embedOptions } from './commands/embed.js';
import { evaluate, evaluateOptions } from './commands/evaluate.js';
import { exportModel, exportOptions } from './commands/export.js';
import { generate, generateOptions } from './commands/generate.js';
import { inspect, inspectOptions } from './commands/inspect.js';
import { merge, mergeOptions } from './commands/merge.js';
import { predict, predictOptions } from './commands/predict.js';
import { serve, serveOptions } from './commands/serve.js';
import { stopBar } from './commands/status-bar.js';
import { train } from './commands/train.js';
import { trainOptions } from './commands/train-settings.js';
import { vectors, vectorsOptions } from './commands/vectors.js';
import { reportOptions } from './common-options.js';
import { readConfigFile } from './config-file.js';
import { exitCodeOf, exitCodes } from './exit-codes.js';
import { examplesOf, runOption } from './help.js';
import { addOptions, type OptionTable, type Settings } from './options.js';
import { createOutput, reportError } from './output.js';
import { withFlagsOfFields } from './run-fields.js';
import { readSettings } from './settings.js';
import { type Interruption, onInterrupt } from './signals.js';
import { inCommandSpelling, withKnownFlags } from './spelling.js';

/** The options of all commands: what a config file may hold. */
export const allOptions: OptionTable = {
  ...dataPreviewOptions,
  ...vectorsOptions,
  ...compareOptions,
  ...inspectOptions,
  ...exportOptions,
  ...combineOptions,
  ...mergeOptions,
  ...embedOptions,
  ...serveOptions,
  ...chatOptions,
  ...generateOptions,
  ...predictOptions,
  ...evaluateOptions,
  ...trainOptions,
};

interface Invocation {
  readonly command: string;
  readonly flags: Readonly<Record<string, unknown>>;
  /** Words of the command line that are no option or argument of the command. */
  readonly unknown: readonly string[];
  readonly configFile: string | undefined;
}

/** The code of what the parser throws where the last word is a flag that wants a value. */
const MISSING_VALUE = 'commander.optionMissingArgument';

/**
 * Runs the command line; the result is the exit code.
 * @param interruption listens to signals; disposed of at the end
 */
export async function main(argv: readonly string[], interruption: Interruption = onInterrupt()): Promise<number> {
  let isJson = argv.includes('--json');
  let invocation: Invocation | undefined;
  let code: number = exitCodes.ok;
  let valueless: string | undefined;
  const program = new Command('attune')
    .description('Fine-tunes pretrained models in TypeScript.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ outputError: () => {} });

  const [first = ''] = argv;
  const isAboutAnother = (name: string) => /^\w/.test(first) && first !== name && first !== 'help';
  const add = <Table extends OptionTable>(
    name: string,
    description: string,
    table: Table,
    run: (settings: Settings<Table>, context: CommandContext) => Promise<number>,
  ) => {
    const command = program.command(name).description(description);
    // Describing the options of all commands takes a tenth of a second.
    if (!isAboutAnother(name)) addOptions(command, table);
    const configs = `settings from a file; attune.config.json here by default${name === 'train' ? ', or attune.config.ts or .js' : ''}`;
    command.addOption(runOption('--config <file>', configs)).addHelpOption(runOption('-h, --help', 'shows this help'));
    command.addHelpText('after', examplesOf(name));
    command.exitOverride().action(async () => {
      invocation = invocationOf(command, table);
      const config = await readConfigFile({
        named: invocation.configFile,
        runsScripts: name === 'train',
        note: createOutput(isJson).note,
      });
      isJson ||= config.values.json === true;
      const settings = readSettings(table, allOptions, { ...invocation, valueless, config }, name);
      interruption.signal.throwIfAborted();
      code = await run(settings, { output: createOutput(isJson), signal: interruption.signal });
    });
  };

  add('train', 'fine-tunes a model on your data', trainOptions, train);
  add('evaluate', 'measures a model on labelled data', evaluateOptions, evaluate);
  add('predict', 'answers: labels, entities, spans or tokens', predictOptions, predict);
  add('embed', 'makes vectors of texts', embedOptions, embed);
  add('compare', 'trains by several methods and says which to take', compareOptions, compare);
  add('vectors', 'trains word vectors, and finds similar words and analogies', vectorsOptions, vectors);
  add('data', 'shows what a language model would learn of a file', dataPreviewOptions, dataPreview);
  add('generate', 'goes on from a prompt', generateOptions, generate);
  add('chat', 'talks with a model, line by line', chatOptions, chat);
  add('serve', 'answers requests of the OpenAI API on this machine', serveOptions, serve);
  add('merge', 'folds an adapter into its base', mergeOptions, merge);
  add('combine', 'makes one LoRA adapter of several', combineOptions, combine);
  add('export', 'writes the inference graph as ONNX', exportOptions, exportModel);
  add('backends', 'lists what can compute here', reportOptions, listBackends);
  add('doctor', 'checks this machine', reportOptions, doctor);
  add('inspect', 'shows what a model, adapter, checkpoint or safetensors file holds', inspectOptions, inspect);

  try {
    const words = withKnownFlags(argv, allOptions);
    await program.parseAsync(words, { from: 'user' }).catch((error: unknown) => {
      if (!(error instanceof CommanderError) || error.code !== MISSING_VALUE) throw error;
      // It is reported with what else is wrong, which the words before it show.
      valueless = words.at(-1);
      return program.parseAsync(words.slice(0, -1), { from: 'user' });
    });
    return interruption.signal.aborted && code === exitCodes.ok ? interruption.exitCode() : code;
  } catch (error) {
    if (error instanceof CommanderError) return endOfParsing(error, isJson);
    if (interruption.signal.aborted && error === interruption.signal.reason) {
      createOutput(isJson).result({ interrupted: true }, 'interrupted; nothing was written');
      return interruption.exitCode();
    }
    const { command = '', flags = {} } = invocation ?? {};
    reportError(isAttuneError(error) ? asUserReads(error, command, Object.keys(flags)) : error, isJson);
    return exitCodeOf(error);
  } finally {
    stopBar();
    interruption.dispose();
  }
}

function invocationOf(command: Command, table: OptionTable): Invocation {
  const { config, ...flags } = command.opts<Record<string, unknown>>();
  const names = Object.keys(table).filter((name) => table[name]?.kind === 'argument');
  const words = command.args.filter((word) => !word.startsWith('-'));
  const wrong = command.args.filter((word) => word.startsWith('-'));
  const given = names.flatMap((name, index) => (words[index] === undefined ? [] : [[name, words[index]]]));
  return {
    command: command.name(),
    flags: { ...flags, ...Object.fromEntries(given) },
    // Words behind an unknown option may be its values.
    unknown: wrong.length > 0 ? wrong : words.slice(names.length),
    configFile: typeof config === 'string' ? config : undefined,
  };
}

function asUserReads(error: AttuneError, command: string, flags: readonly string[]): AttuneError {
  if (error.code === 'E_RESUME_MISMATCH') return withFlagsOfFields(error, trainOptions);
  return inCommandSpelling(error, command, flags);
}

/** Help, the version, or what the parser refuses. */
function endOfParsing({ code, exitCode, message }: CommanderError, isJson: boolean): number {
  if (exitCode === 0) return exitCodes.ok;
  if (code === 'commander.help' && !isJson) return exitCodes.invalid;
  const [, sentence = message] = /^(?:error: )?([\s\S]*)$/.exec(message) ?? [];
  reportError(new AttuneError('E_CONFIG', code === 'commander.help' ? 'A command is needed.' : sentence), isJson);
  return exitCodes.invalid;
}
