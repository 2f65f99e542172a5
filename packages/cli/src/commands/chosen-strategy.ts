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
        ...(targetModules ? { targetModules } : {}),
      });
  }
}
