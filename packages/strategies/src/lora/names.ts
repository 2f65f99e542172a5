/** Names of an adapter's parameters, here and in PEFT's files. */
import type { LoraPlan } from './lora.js';

/** `….lora_A.<adapter>.weight` and its kind. */
export function isAdapterParameter(name: string, adapterName: string): boolean {
  return adapterPattern(adapterName).test(name);
}

const adapterPattern = (adapterName: string): RegExp =>
  new RegExp(`(\\.lora_(?:embedding_)?[AB])\\.${adapterName}(?=\\.|$)`);

/** PEFT's key of a parameter (without `base_model.model.`), undefined for parameters that it does not save. */
export function adapterKey(name: string, { settings, saved, targets }: LoraPlan): string | undefined {
  const own = adapterPattern(settings.adapterName);
  if (own.test(name)) return name.replace(own, '$1');
  if (saved.hold(name)) return name;
  const layer = name.endsWith('.bias') ? name.slice(0, -'.bias'.length) : undefined;
  if (layer === undefined || settings.bias === 'none') return undefined;
  if (targets.has(layer)) return `${layer}.base_layer.bias`;
  return settings.bias === 'all' ? name : undefined;
}
