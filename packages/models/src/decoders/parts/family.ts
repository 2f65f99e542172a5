import { activation } from '@attune/core';
import type * as z from 'zod/mini';
import type { Architecture } from '../../architecture.js';
import { parseConfig } from '../../parse-config.js';
import { axisRule, layersRule } from '../../sizes.js';
import { type DecoderHeads, decoderEncoder } from './encoder.js';
import type { DecoderNames, DecoderPlan } from './plan.js';

/** A family of decoders: how its configuration becomes a plan, and what its files are like. */
export interface DecoderFamily<Schema extends z.ZodMiniType> {
  readonly modelType: string;
  /** How transformers' classes for it begin. */
  readonly classPrefix: string;
  /** Its classes that are called otherwise, by how others end. */
  readonly classNames?: Readonly<Record<string, string>>;
  readonly config: Schema;
  /** @throws AttuneError `E_CONFIG`, `E_MODEL_UNSUPPORTED` */
  plan(config: z.output<Schema>, file: string): DecoderPlan;
  /** @throws AttuneError likewise */
  heads(config: z.output<Schema>): DecoderHeads;
  /** Whether files hold the weights of the linear layers as [in, out]; false by default. */
  readonly storesTransposed?: boolean;
  /** Buffers that files may hold. */
  readonly buffers?: RegExp;
  /** Other names of a parameter in files; none by default. */
  aliases?(name: string): readonly string[];
}

/** The architecture of a family, for the list of them. */
export const decoderFamily = <Schema extends z.ZodMiniType>(family: DecoderFamily<Schema>): Architecture => ({
  modelType: family.modelType,
  create(raw, file) {
    const config = parseConfig(family.config, raw, file);
    const plan = family.plan(config, file);
    activation(plan.mlp.activation, file);
    const { names } = plan;
    const root = `${names.prefix}.`;
    const isBelow = (parts: readonly string[]) => new RegExp(`^(?:${names.prefix}\\.)?(?:${parts.join('|')})\\.`);
    const own = isBelow([
      names.embedding,
      names.layers,
      names.finalNorm,
      ...(names.positions ? [names.positions] : []),
    ]);
    const isLayerWeight = (name: string) => isBelow([names.layers]).test(name) && matrices(names).test(name);
    return {
      classPrefix: family.classPrefix,
      ...(family.classNames ? { classNames: family.classNames } : {}),
      encoder: decoderEncoder(family.modelType, plan, family.heads(config)),
      sizes: sizesOf(plan, family.storesTransposed ?? false),
      aliases: (name) => [
        name.startsWith(root) ? name.slice(root.length) : `${root}${name}`,
        ...(family.aliases?.(name) ?? []),
      ],
      mayBeUnused: (name) => (family.buffers?.test(name) ?? false) || (plan.isTied && name === `${names.head}.weight`),
      owns: (name) => own.test(name),
      carriedAs: () => undefined,
      ...(family.storesTransposed ? { storesTransposed: isLayerWeight } : {}),
    };
  },
});

/** The weights of a layer that are no norms. */
const matrices = ({ projections, attentionOutput, mlpInputs, mlpOutput }: DecoderNames): RegExp =>
  new RegExp(`\\.(?:${[...projections, attentionOutput, ...mlpInputs, mlpOutput].join('|')})\\.weight$`);

function sizesOf({ names, vocabulary, width, mlp, layers, maxPositions }: DecoderPlan, isTransposed: boolean) {
  const { prefix, fields } = names;
  const either = (name: string) => [`${prefix}.${name}`, name];
  const words = either(`${names.embedding}.weight`);
  const inner = either(`${names.layers}.0.${names.mlp}.${names.mlpOutput}.weight`);
  return [
    axisRule('vocab_size', vocabulary, words, 0),
    axisRule(fields.width, width, words, 1),
    axisRule(fields.inner, mlp.width, inner, isTransposed ? 0 : 1),
    layersRule(fields.layers, layers, new RegExp(`^(?:${prefix}\\.)?${names.layers}\\.(\\d+)\\.`)),
    ...(names.positions === undefined
      ? []
      : [axisRule('n_positions', maxPositions, either(`${names.positions}.weight`), 0)]),
  ];
}
