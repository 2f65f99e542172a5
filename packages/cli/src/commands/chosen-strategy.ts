import type { Strategy } from '@attune/core';
import { AttuneError } from '@attune/ir';
import { adapterMethods, full, head } from '@attune/strategies';
import type { TrainSettings } from './train-settings.js';

type StrategySettings = Pick<
  TrainSettings,
  'strategy' | 'strategyOptions' | 'loraR' | 'loraAlpha' | 'loraDropout' | 'targetModules'
>;

/** The strategy that the settings name. @throws AttuneError `E_CONFIG` for options that it does not take */
export function chosenStrategy(settings: StrategySettings): Strategy {
  const { strategy, strategyOptions = {}, targetModules } = settings;
  const method = adapterMethods.find(({ name }) => name === strategy);
  if (!method) {
    requireNoOptions(strategy, strategyOptions);
    return strategy === 'head' ? head() : full();
  }
  return method.strategy({
    ...lowRankOptions(settings, method.peftType === 'LORA'),
    ...(targetModules === undefined ? {} : { targetModules: chosenModules(targetModules) }),
    ...strategyOptions,
  });
}

/** What the flags of LoRA say, for the strategies that build on it. */
function lowRankOptions(
  { strategy, loraR: r, loraAlpha: alpha, loraDropout: dropout }: StrategySettings,
  isLowRank: boolean,
): Readonly<Record<string, unknown>> {
  const given = Object.entries({ r, alpha, dropout }).filter(([, value]) => value !== undefined);
  const [wrong] = given.map(([name]) => name);
  // What is not given is the strategy's own default.
  if (isLowRank || wrong === undefined) return Object.fromEntries(given);
  throw new AttuneError('E_CONFIG', `--lora-${wrong} is for lora and dora, the strategy is ${strategy}.`, {
    field: `lora-${wrong}`,
    hint: `Give it by --strategy-options ${wrong}=…`,
  });
}

function requireNoOptions(strategy: string, options: Readonly<Record<string, unknown>>): void {
  const [first] = Object.keys(options);
  if (first === undefined) return;
  throw new AttuneError('E_CONFIG', `The strategy ${strategy} has no options, and ${first} is given.`, {
    field: 'strategyOptions',
    hint: 'Leave --strategy-options out.',
  });
}

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
