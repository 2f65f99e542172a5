import type { Strategy } from '@attune/core';
import { bitfit } from './bitfit.js';
import { discriminativeRates } from './discriminative-rates.js';
import { full } from './full.js';
import { gradualUnfreezing } from './gradual-unfreezing.js';
import { head } from './head.js';
import { l2Sp } from './l2-sp.js';
import { mixout } from './mixout.js';
import { neftune } from './neftune.js';
import { partialFreezing } from './partial-freezing.js';
import { reinitializedLayers } from './reinitialized-layers.js';

/** A strategy that is chosen by its name, with options as plain JSON. */
export interface NamedStrategy {
  readonly name: string;
  /** The names of its options. */
  readonly optionNames: readonly string[];
  /** @throws AttuneError `E_CONFIG` for options that are wrong */
  strategy(options?: unknown): Strategy;
}

/** The strategies of Attune that are no adapters and are made of plain options. */
export const plainStrategies: readonly NamedStrategy[] = [
  { name: 'full', optionNames: [], strategy: full },
  { name: 'head', optionNames: [], strategy: head },
  { name: 'bitfit', optionNames: [], strategy: bitfit },
  { name: 'partial-freezing', optionNames: ['topLayers'], strategy: partialFreezing },
  { name: 'gradual-unfreezing', optionNames: ['layersPerStage', 'epochsPerStage'], strategy: gradualUnfreezing },
  { name: 'discriminative-rates', optionNames: ['decay'], strategy: discriminativeRates },
  { name: 'reinitialized-layers', optionNames: ['topLayers'], strategy: reinitializedLayers },
  { name: 'mixout', optionNames: ['probability'], strategy: mixout },
  { name: 'neftune', optionNames: ['noiseAlpha'], strategy: neftune },
  { name: 'l2-sp', optionNames: ['alpha', 'beta'], strategy: l2Sp },
];
