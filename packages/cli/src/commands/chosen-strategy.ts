import type { Strategy } from '@attune/core';
import { full, head, lora } from '@attune/strategies';
import type { TrainSettings } from './train-settings.js';

/** The strategy that the settings name. */
export function chosenStrategy({ strategy, loraR, loraAlpha, loraDropout, targetModules }: TrainSettings): Strategy {
  switch (strategy) {
    case 'full':
      return full();
    case 'head':
      return head();
    case 'lora':
      return lora({
        r: loraR,
        alpha: loraAlpha,
        dropout: loraDropout,
        ...(targetModules === undefined ? {} : { targetModules: chosenModules(targetModules) }),
      });
  }
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
