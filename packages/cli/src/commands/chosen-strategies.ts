import {
  type ConsolidationOptions,
  parseConsolidationOptions,
  parseSetFitOptions,
  type SetFitOptions,
} from '@attune/compare';
import type { LearningWithoutForgettingOptions, Strategy } from '@attune/core';
import { parseLearningWithoutForgettingOptions } from '@attune/core/internal';
import { AttuneError } from '@attune/ir';
import { adapterMethods, full, plainStrategies } from '@attune/strategies';
import type { TrainSettings } from './train-settings.js';

type StrategySettings = Pick<
  TrainSettings,
  'strategy' | 'strategyOptions' | 'loraR' | 'loraAlpha' | 'loraDropout' | 'targetModules' | 'set' | 'general'
>;

type Options = Readonly<Record<string, unknown>>;

/** A strategy of the settings, with the options that stand beside its name. */
interface Chosen {
  readonly name: string;
  readonly options: Options;
}

/** The strategies that the settings name, in their order. @throws AttuneError `E_CONFIG` for options that they do not take */
export function chosenStrategies(settings: StrategySettings): readonly Strategy[] {
  return chosenByName(settings).flatMap((entry) => (isOfData(entry) ? [] : [strategyOf(entry, settings)]));
}

/**
 * The options of EWC if that is among the strategies; it is made when its data are read.
 * @throws AttuneError `E_CONFIG` for wrong options, and without such data
 */
export function chosenEwc(settings: StrategySettings): ConsolidationOptions | undefined {
  const found = chosenByName(settings).find(({ name }) => name === EWC);
  if (!found) return undefined;
  if (settings.general === undefined) {
    throw wrong('general', 'ewc keeps what the model knew, and no data show that.', 'Name them: --general FILE.');
  }
  return parseConsolidationOptions({ ...found.options, ...settings.strategyOptions, ...settings.set[EWC] });
}

/** The name of EWC among strategies. */
export const EWC = 'ewc';

/** The options of learning without forgetting if that is among the strategies. @throws AttuneError `E_CONFIG` for wrong options */
export function chosenLwf(settings: StrategySettings): LearningWithoutForgettingOptions | undefined {
  const found = chosenByName(settings).find(({ name }) => name === LWF);
  if (!found) return undefined;
  return parseLearningWithoutForgettingOptions({ ...found.options, ...settings.strategyOptions, ...settings.set[LWF] });
}

/** The name of learning without forgetting among strategies. */
export const LWF = 'lwf';

/** Whether a strategy is made when the model and its data are read. */
const isOfData = ({ name }: Chosen): boolean => name === EWC || name === LWF;

/** The options of SetFit if that is chosen, which is a training of its own. @throws AttuneError `E_CONFIG` */
export function chosenSetFit(settings: StrategySettings): SetFitOptions | undefined {
  const chosen = chosenByName(settings);
  const found = chosen.find(({ name }) => name === SET_FIT);
  if (!found) return undefined;
  if (chosen.length > 1)
    throw wrong('strategy', 'setfit tunes the whole encoder and is no part of several strategies.');
  return parseSetFitOptions({ ...found.options, ...settings.strategyOptions, ...settings.set[SET_FIT] });
}

/** The name of SetFit among strategies. */
export const SET_FIT = 'setfit';

function chosenByName(settings: StrategySettings): readonly Chosen[] {
  const chosen = [settings.strategy].flat().map((entry): Chosen => {
    if (typeof entry === 'string') return { name: entry, options: {} };
    const { name, ...options } = entry;
    return { name, options };
  });
  requireChosen(settings, chosen);
  return chosen;
}

function strategyOf({ name, options: own }: Chosen, settings: StrategySettings): Strategy {
  const { strategyOptions = {}, targetModules, set } = settings;
  const method = adapterMethods.find((each) => each.name === name);
  if (!method) return plainStrategy(name, { ...own, ...strategyOptions, ...set[name] });
  return method.strategy({
    ...own,
    ...(isLowRank(name) ? lowRankOptions(settings) : {}),
    ...(targetModules !== undefined && hasTargets(name) ? { targetModules: chosenModules(targetModules) } : {}),
    ...strategyOptions,
    ...set[name],
  });
}

/** Those that are no adapters. */
function plainStrategy(name: string, options: Options): Strategy {
  const plain = plainStrategies.find((each) => each.name === name);
  if (!plain || plain.optionNames.length === 0) requireNoOptions(name, options);
  return plain?.strategy(options) ?? full();
}

const isLowRank = (name: string): boolean =>
  adapterMethods.some((method) => method.name === name && method.peftType === 'LORA');

const hasTargets = (name: string): boolean =>
  adapterMethods.some((method) => method.name === name && method.optionNames.includes('targetModules'));

/** What the flags of LoRA say; what is not given is the strategy's own default. */
function lowRankOptions({ loraR: r, loraAlpha: alpha, loraDropout: dropout }: StrategySettings): Options {
  return Object.fromEntries(Object.entries({ r, alpha, dropout }).filter(([, value]) => value !== undefined));
}

/** @throws AttuneError `E_CONFIG` for options of strategies that are not chosen, and for one that is given twice */
function requireChosen(settings: StrategySettings, chosen: readonly Chosen[]): void {
  const { strategyOptions = {}, set } = settings;
  const names = chosen.map(({ name }) => name);
  const list = names.join(', ');
  const flags = Object.keys(lowRankOptions(settings));
  const [flag] = flags;
  if (flag !== undefined && !names.some(isLowRank)) {
    const hint = `Give it by --strategy-options ${flag}=…`;
    throw wrong(`lora-${flag}`, `--lora-${flag} is for lora and dora, the strategy is ${list}.`, hint);
  }
  if (settings.targetModules !== undefined && !names.some(hasTargets)) {
    const takers = adapterMethods.flatMap(({ name }) => (hasTargets(name) ? [name] : []));
    const message = `--target-modules is for ${takers.join(', ')}; the strategy is ${list}.`;
    throw wrong('targetModules', message, 'Leave --target-modules out, or choose an adapter with --strategy.');
  }
  if (chosen.length > 1 && Object.keys(strategyOptions).length > 0) {
    const hint = `Give them by --set ${names[0]}.OPTION=VALUE, or in the list of a config file.`;
    throw wrong('strategyOptions', `There are several strategies (${list}) for --strategy-options.`, hint);
  }
  for (const [name, options] of Object.entries(set)) {
    const [option = ''] = Object.keys(options);
    if (!names.includes(name)) throw wrong('set', `--set ${name}.${option} is given, and the strategy is ${list}.`);
    const twice = Object.keys(options).find(
      (each) =>
        each in strategyOptions ||
        (isLowRank(name) && flags.includes(each)) ||
        (each === 'targetModules' && settings.targetModules !== undefined),
    );
    if (twice !== undefined) throw wrong('set', `--set ${name}.${twice} is given by another flag too; give it once.`);
  }
}

function requireNoOptions(strategy: string, options: Options): void {
  const [first] = Object.keys(options);
  if (first === undefined) return;
  const hint = 'Leave --strategy-options out.';
  throw wrong('strategyOptions', `The strategy ${strategy} has no options, and ${first} is given.`, hint);
}

const wrong = (field: string, message: string, hint?: string): AttuneError =>
  new AttuneError('E_CONFIG', message, { field, ...(hint === undefined ? {} : { hint }) });

/**
 * Names between commas, or what PEFT takes as a text: `all-linear`, which is every linear layer but the head, or a regular
 * expression over whole paths, which holds a character that no name has.
 */
function chosenModules(given: string | readonly string[]): string | string[] {
  if (typeof given !== 'string') return given.length === 1 && isAllLinear(given[0]) ? 'all-linear' : [...given];
  if (isAllLinear(given)) return 'all-linear';
  const isText = /[\\*+?^$|()[\]{}]/.test(given);
  return isText ? given : given.split(',').map((name) => name.trim());
}

const isAllLinear = (name: string | undefined): boolean => name?.trim().toLowerCase() === 'all-linear';
