/** Which layers see the whole text, and which a window of it, as `layer_types` of config.json says. */
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';

export const windowFields = {
  sliding_window: z.nullish(z.int().check(z.positive())),
  layer_types: z.nullish(z.array(z.string())),
} as const;

type WindowFields = z.output<z.ZodMiniObject<typeof windowFields>>;

/** In the order in which messages list them. */
const kinds = ['full_attention', 'sliding_attention'];

/**
 * Whether each layer sees a window only.
 * @param isDefault whether it does if `layer_types` says nothing
 * @throws AttuneError `E_CONFIG` for another number of layers, `E_MODEL_UNSUPPORTED` for a kind that there is not
 */
export function slidingLayers(
  { layer_types: types, num_hidden_layers: layers }: WindowFields & { readonly num_hidden_layers: number },
  file: string,
  isDefault: (layer: number) => boolean,
): (layer: number) => boolean {
  if (!types) return isDefault;
  if (types.length !== layers) {
    const message = `${file}: layer_types has ${types.length} entries for ${layers} layers.`;
    throw new AttuneError('E_CONFIG', message, { file, field: 'layer_types' });
  }
  const unknown = types.find((type) => !kinds.includes(type));
  if (unknown === undefined) return (layer) => types[layer] === 'sliding_attention';
  const message = `${file}: layer_types has "${unknown.slice(0, 50)}"; Attune has ${kinds.join(', ')}.`;
  throw new AttuneError('E_MODEL_UNSUPPORTED', message, { file, field: 'layer_types' });
}
