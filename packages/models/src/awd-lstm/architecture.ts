import type { Architecture } from '../architecture.js';
import { parseConfig } from '../parse-config.js';
import { axisRule, layersRule } from '../sizes.js';
import { awdLstmConfigSchema } from './config.js';
import { awdLstmEncoder } from './encoder.js';

const PREFIX = '0.';

/** fastai's AWD-LSTM, whose files of an encoder alone have no `0.` in front, and may hold copies for weight dropout. */
export const awdLstm: Architecture = {
  modelType: 'awd_lstm',
  create(raw, file) {
    const config = parseConfig(awdLstmConfigSchema, raw, file);
    const either = (name: string) => [`${PREFIX}${name}`, name];
    return {
      classPrefix: 'AwdLstm',
      encoder: awdLstmEncoder(config),
      sizes: [
        axisRule('vocab_size', config.vocab_size, either('encoder.weight'), 0),
        axisRule('emb_sz', config.emb_sz, either('encoder.weight'), 1),
        ...(config.n_layers > 1 ? [axisRule('n_hid', config.n_hid, either('rnns.0.module.weight_hh_l0'), 1)] : []),
        layersRule('n_layers', config.n_layers, /^(?:0\.)?rnns\.(\d+)\./),
      ],
      aliases(name) {
        const inner = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined;
        // With dropout in the module, the linear layer stands behind it.
        if (inner === undefined) return [name.replace(/^(1\.layers\.\d)\.1\./, '$1.2.')];
        // Beside a raw weight, that of the module is a copy from which dropout has taken numbers.
        const own = inner.replace(/\.module\.(weight_hh_l0)$/, '.$1_raw');
        return [...new Set([own, inner])].flatMap(either);
      },
      mayBeUnused: (name) =>
        /^(?:0\.)?(?:encoder_dp\.emb\.weight|rnns\.\d+\.module\.weight_hh_l0)$/.test(name) ||
        /^1\.layers\.\d\.0\.num_batches_tracked$/.test(name) ||
        (config.tie_weights && name === '1.decoder.weight'),
      owns: (name) => /^(?:0\.)?(?:encoder|rnns)\./.test(name),
      carriedAs: () => undefined,
    };
  },
};
