import type { Strategy } from '@attune/core';
import type { LoadedModel } from '@attune/models';
import { full, head, isInside, lora, savedModulesOf } from '@attune/strategies';
import { drawnAnew } from '../drawn-anew.js';
import type { TrainSettings } from './train-settings.js';

/**
 * The strategy that the settings name. Layers that began at random, such as the pooler of a bare encoder, train with an
 * adapter and are saved with it: whoever loads its base would draw others.
 */
export function chosenStrategy(
  { strategy, loraR, loraAlpha, loraDropout, targetModules }: TrainSettings,
  loaded: Pick<LoadedModel, 'model' | 'created'>,
): Strategy {
  switch (strategy) {
    case 'full':
      return full();
    case 'head':
      return head();
    case 'lora': {
      const saved = savedModulesOf(loaded.model.task);
      const drawn = drawnAnew(loaded)
        .filter((name) => !saved.some((module) => isInside(name, module)))
        .map((name) => name.slice(0, name.lastIndexOf('.')));
      return lora({
        r: loraR,
        alpha: loraAlpha,
        dropout: loraDropout,
        ...(targetModules ? { targetModules } : {}),
        ...(drawn.length > 0 ? { modulesToSave: [...saved, ...new Set(drawn)] } : {}),
      });
    }
  }
}
