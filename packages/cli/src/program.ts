/** The `attune` command: its sub-commands, and how they end. */
import { AttuneError } from '@attune/ir';
import { Command, CommanderError } from 'commander';
import { doctor, listBackends } from './commands/doctor.js';
import { evaluate, evaluateOptions } from './commands/evaluate.js';
import { exportModel, exportOptions } from './commands/export.js';
import { inspect } from './commands/inspect.js';
import { merge, mergeOptions } from './commands/merge.js';
import { predict, predictOptions } from './commands/predict.js';
import { train } from './commands/train.js';
import { trainOptions } from './commands/train-settings.js';
import { readConfigFile } from './config-file.js';
import { exitCodeOf, exitCodes } from './exit-codes.js';
import { addOptions, type OptionTable, readSettings, type Settings } from './options.js';
import { createOutput, type Output, reportError } from './output.js';

/** Runs the command line; the result is the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes('--json');
  let code: number = exitCodes.ok;
  const program = new Command('attune')
    .description('Fine-tunes pretrained models in TypeScript.')
    .version('0.0.0')
    .exitOverride()
    .configureOutput({ writeErr: (message) => void process.stderr.write(message) });

  const add = <Table extends OptionTable>(
    name: string,
    description: string,
    table: Table,
    run: (settings: Settings<Table>, output: Output) => Promise<number>,
  ) => {
    const command = addOptions(program.command(name).description(description), table);
    command.option('--config <file>', 'settings from a file; attune.config.ts or .json here by default');
    command.exitOverride().action(async (flags: Record<string, unknown>) => {
      const { config, ...given } = flags;
      const file = await readConfigFile(typeof config === 'string' ? config : undefined);
      const own = name === 'train' ? file : Object.fromEntries(Object.entries(file).filter(([key]) => key in table));
      code = await run(readSettings(table, given, own, `attune ${name}`), createOutput(json));
    });
  };

  add('train', 'fine-tunes a model on your data', trainOptions, train);
  add('evaluate', 'measures a model on labelled data', evaluateOptions, evaluate);
  add('predict', 'answers: labels, entities, spans or tokens', predictOptions, predict);
  add('merge', 'folds an adapter into its base', mergeOptions, merge);
  add('export', 'writes the inference graph as ONNX', exportOptions, exportModel);
  const plain = (name: string, description: string, run: (output: Output) => Promise<number>) =>
    program
      .command(name)
      .description(description)
      .option('--json', 'prints JSON')
      .exitOverride()
      .action(async () => {
        code = await run(createOutput(json));
      });
  plain('backends', 'lists what can compute here', listBackends);
  plain('doctor', 'checks this machine', doctor);
  program
    .command('inspect <path>')
    .description('shows what a model, adapter, checkpoint or safetensors file holds')
    .option('--json', 'prints JSON')
    .exitOverride()
    .action(async (path: string) => {
      code = await inspect(path, createOutput(json));
    });

  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode !== 0 && json) reportError(new AttuneError('E_CONFIG', error.message), json);
      return error.exitCode === 0 ? exitCodes.ok : exitCodes.invalid;
    }
    reportError(error, json);
    return exitCodeOf(error);
  }
}
