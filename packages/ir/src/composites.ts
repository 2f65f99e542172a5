/** The composites of this package. The set is open: other packages add theirs. */
import { afterDefinition } from './composites/after.js';
import { attentionDefinition } from './composites/attention.js';
import { attentionBiasGradientDefinition } from './composites/attention-bias-gradient.js';
import { attentionGradientDefinition } from './composites/attention-gradient.js';
import { crossEntropyDefinition } from './composites/cross-entropy.js';
import { dequantizeDefinition } from './composites/dequantize.js';
import { dropoutDefinition } from './composites/dropout.js';
import { embeddingDefinition } from './composites/embedding.js';
import { geluDefinition } from './composites/gelu.js';
import { layerNormDefinition } from './composites/layer-norm.js';
import { linearCrossEntropyDefinition } from './composites/linear-cross-entropy.js';
import { linearCrossEntropyGradientDefinition } from './composites/linear-cross-entropy-gradient.js';
import { logSoftmaxDefinition } from './composites/log-softmax.js';
import { lstmDefinition } from './composites/lstm.js';
import { lstmGradientDefinition } from './composites/lstm-gradient.js';
import { quantizedMatmulDefinition } from './composites/quantized-matmul.js';
import { rmsNormDefinition } from './composites/rms-norm.js';
import { softmaxDefinition } from './composites/softmax.js';
import type { CompositeDefinition } from './definition.js';

export const composites = {
  after: afterDefinition,
  attention: attentionDefinition,
  attention_bias_gradient: attentionBiasGradientDefinition,
  attention_gradient: attentionGradientDefinition,
  cross_entropy: crossEntropyDefinition,
  dequantize: dequantizeDefinition,
  dropout: dropoutDefinition,
  embedding: embeddingDefinition,
  gelu: geluDefinition,
  layer_norm: layerNormDefinition,
  linear_cross_entropy: linearCrossEntropyDefinition,
  linear_cross_entropy_gradient: linearCrossEntropyGradientDefinition,
  log_softmax: logSoftmaxDefinition,
  lstm: lstmDefinition,
  lstm_gradient: lstmGradientDefinition,
  quantized_matmul: quantizedMatmulDefinition,
  rms_norm: rmsNormDefinition,
  softmax: softmaxDefinition,
} as const satisfies Readonly<Record<string, CompositeDefinition>>;
