/** P-tuning (Liu et al. 2021, arXiv 2103.10385), as PEFT has it: virtual tokens that an encoder makes. */
import { kaimingUniform, linear, lstmLayer, type Scope, type Strategy } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import { concat, relu, reshape, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { definePrompt, embeddingInitializer, promptShape } from './adapters/define-prompt.js';
import { inFrontOfText } from './virtual-tokens.js';

const size = z.int().check(z.positive());

const pTuningSchema = z.strictObject({
  ...promptShape,
  /** What the encoder is: three linear layers, or LSTMs in both directions and two linear layers; `MLP` by default. */
  encoderReparameterizationType: z._default(z.enum(['MLP', 'LSTM']), 'MLP'),
  /** Units of its inner layers; as many as the embeddings are wide by default. */
  encoderHiddenSize: z.optional(size),
  /** Layers of LSTMs; 2 by default. */
  encoderNumLayers: z._default(size, 2),
  /** Dropout between layers of LSTMs while training; 0 by default. */
  encoderDropout: z._default(z.number().check(z.minimum(0), z.lt(1)), 0),
  /** Whether there is an encoder; false for tokens that train by themselves, which is all that a file holds. True by default. */
  encodes: z._default(z.boolean(), true),
});

export type PTuningOptions = z.input<typeof pTuningSchema>;
export type PTuningSettings = z.output<typeof pTuningSchema>;

export const pTuningMethod = definePrompt<PTuningSettings>({
  name: 'p-tuning',
  peftType: 'P_TUNING',
  // An encoder takes smaller steps than tokens themselves: within the rates of Liu et al. 2021 (1e-5 to 1e-3).
  recipe: { learningRate: () => 1e-3, epochFactor: 2 },
  parse: (options) => parseOptions(pTuningSchema, options, 'p-tuning'),
  fields: {
    encoderReparameterizationType: 'encoder_reparameterization_type',
    encoderHiddenSize: 'encoder_hidden_size',
    encoderNumLayers: 'encoder_num_layers',
    encoderDropout: 'encoder_dropout',
  },
  file: { options: () => ({ encodes: false }) },
  encoder: {
    isUsed: ({ encodes }) => encodes,
    tokens: encodedTokens,
    without: (settings) => ({ ...settings, encodes: false }),
    config: (settings, width) => ({
      encoder_reparameterization_type: settings.encoderReparameterizationType,
      encoder_hidden_size: settings.encoderHiddenSize ?? width,
      encoder_num_layers: settings.encoderNumLayers,
      encoder_dropout: settings.encoderDropout,
    }),
  },
  on: (model, { numVirtualTokens }) => inFrontOfText(model, numVirtualTokens),
});

/** With the parameter names of PEFT's PromptEncoder. */
function encodedTokens(scope: Scope, settings: PTuningSettings, width: number): Value {
  const { numVirtualTokens: count, encoderReparameterizationType: type } = settings;
  const { encoderHiddenSize: hidden = width } = settings;
  const start = scope.child('embedding').parameter('weight', [count, width], embeddingInitializer);
  const layers =
    type === 'MLP'
      ? ([start, [hidden, hidden, width]] as const)
      : ([bothDirections(scope, start, hidden, settings), [2 * hidden, width]] as const);
  const [input, widths] = layers;
  return widths.reduce((x, out, index) => {
    const options = { initializer: kaimingUniform(x.type.shape[1]!) };
    return linear(scope.child('mlp_head'), String(2 * index), index === 0 ? x : relu(x), out, options);
  }, input);
}

function bothDirections(
  scope: Scope,
  tokens: Value,
  size: number,
  { encoderNumLayers: layers, encoderDropout }: PTuningSettings,
): Value {
  const lstm = scope.child('lstm_head');
  let x = reshape(tokens, [1, ...tokens.type.shape]);
  for (let layer = 0; layer < layers; layer++) {
    const input = layer === 0 ? x : lstm.dropout(x, encoderDropout, `encoder_dropout.${layer}`);
    const [there, back] = [false, true].map(
      (backward) => lstmLayer(lstm, input, { size, layer, backward }).outputs,
    ) as [Value, Value];
    x = concat([there, back], 2);
  }
  return reshape(x, [tokens.type.shape[0]!, 2 * size]);
}

/**
 * Trained embeddings in front of each text, as prompt tuning, which an encoder makes while they train: it is left out of what
 * is saved, and an adapter from a file trains on without.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) for a model that it does not fit
 */
export const pTuning = (options: PTuningOptions = {}): Strategy => pTuningMethod.strategy(options);
