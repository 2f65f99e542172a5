/** In which ways weights may be quantized in files. Loaded for files that say that theirs are. */
import type { ModelConfig } from '@attune/hub';
import { AttuneError } from '@attune/ir';

/** Formats of weights that files may be in beside floating numbers, as quantization_config names them. */
const readable = ['bitsandbytes'];

/** @throws AttuneError `E_MODEL_UNSUPPORTED` for weights that are quantized in another way */
export function requireReadable({ quantization_config: quantization }: ModelConfig, file: string): void {
  if (typeof quantization !== 'object' || quantization === null || !('quant_method' in quantization)) return;
  const { quant_method: method } = quantization;
  if (typeof method === 'string' && readable.includes(method)) return;
  throw new AttuneError(
    'E_MODEL_UNSUPPORTED',
    `${file}: the weights are quantized by ${String(method)}; Attune reads ${readable.join(', ')} (nf4).`,
    {
      file,
      field: 'quantization_config',
      hint: 'Take the model in float16 or float32, with --quantize nf4 for 4 bits.',
    },
  );
}
