/** Bottleneck adapters in AdapterHub's adapter_config.json. */
import type { AdapterFileRules } from './adapters/method.js';

/** Options with the fields of AdapterHub's BnConfig. */
export const bottleneckFields = {
  reductionFactor: 'reduction_factor',
  nonLinearity: 'non_linearity',
  mhAdapter: 'mh_adapter',
  outputAdapter: 'output_adapter',
  originalLnBefore: 'original_ln_before',
  originalLnAfter: 'original_ln_after',
  residualBeforeLn: 'residual_before_ln',
  isParallel: 'is_parallel',
  scaling: 'scaling',
  initWeights: 'init_weights',
  leaveOut: 'leave_out',
  dropout: 'dropout',
} as const;

/** What BnConfig has if a file says nothing. */
const missing = {
  originalLnBefore: false,
  originalLnAfter: true,
  residualBeforeLn: true,
  isParallel: false,
  scaling: 1,
  initWeights: 'bert',
} as const;

/** AdapterHub's SeqBnConfig, DoubleSeqBnConfig and ParBnConfig. */
export const bottleneckPresets = {
  pfeiffer: {
    ...missing,
    reductionFactor: 16,
    nonLinearity: 'relu',
    mhAdapter: false,
    outputAdapter: true,
    originalLnBefore: true,
  },
  houlsby: { ...missing, reductionFactor: 16, nonLinearity: 'swish', mhAdapter: true, outputAdapter: true },
  parallel: {
    ...missing,
    reductionFactor: 2,
    nonLinearity: 'relu',
    mhAdapter: false,
    outputAdapter: true,
    isParallel: true,
    scaling: 4,
    initWeights: 'mam_adapter',
  },
} as const;

/** The fields of what Attune does not have, turned off. */
const constants = {
  adapter_residual_before_ln: false,
  cross_adapter: false,
  factorized_phm_W: true,
  factorized_phm_rule: false,
  hypercomplex_nonlinearity: 'glorot-uniform',
  init_weights_seed: null,
  inv_adapter: null,
  inv_adapter_reduction_factor: null,
  learn_phm: true,
  ln_after: false,
  ln_before: false,
  phm_bias: true,
  phm_c_init: 'normal',
  phm_dim: 4,
  phm_init_range: 0.0001,
  phm_layer: false,
  phm_rank: 1,
  shared_W_phm: false,
  shared_phm_rule: true,
  stochastic_depth: 0,
  use_gating: false,
};

export const bottleneckFile: Omit<AdapterFileRules, 'fields' | 'save'> = {
  constants,
  harmless: ['name', 'model_class', 'model_name', 'model_type', 'hidden_size', 'version', 'architecture'],
  refused: ['ln_before', 'ln_after', 'use_gating', 'phm_layer', 'inv_adapter', 'invertible_adapter'],
  isOf: () => true,
  options: (config) => ({
    originalLnBefore: config.original_ln_before ?? missing.originalLnBefore,
    originalLnAfter: config.original_ln_after ?? missing.originalLnAfter,
    residualBeforeLn: config.residual_before_ln ?? missing.residualBeforeLn,
    isParallel: config.is_parallel ?? missing.isParallel,
    scaling: config.scaling ?? missing.scaling,
    // Other ways to begin do not matter to what has begun.
    initWeights: config.init_weights === 'mam_adapter' ? 'mam_adapter' : 'bert',
  }),
  problem({ stochastic_depth: depth }) {
    if (typeof depth !== 'number' || depth === 0) return undefined;
    return { field: 'stochastic_depth', message: `stochastic_depth is ${depth}, which Attune does not have` };
  },
};
