import { commitModel } from '@attune/hub/internal';
import { openSavedModel } from '@attune/inference';
import { modelStorage } from '@attune/inference/places';
import { readAttuneFile, requireAdapterBase, writeAttuneFile } from '@attune/models/internal';
import { combineAdapters, type LoadedAdapter, loadAdapter } from '@attune/strategies';
import { combinationTypes, majoritySignMethods } from '@attune/strategies/internal';
import { z } from 'zod';
import type { CommandContext } from '../command-context.js';
import { baseOption, list, number, positive, reportOptions, text } from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import type { Settings } from '../options.js';
import { interruptible } from '../signals.js';
import { newDirectory } from './output-place.js';

/** An empty text is not 0. */
const weight = z.union([z.number(), z.string().regex(/\S/).pipe(z.coerce.number())], 'every weight is a number');

export const combineOptions = {
  adapters: list(z.array(z.string()).min(1), 'directories of LoRA adapters for one base'),
  weights: list(z.array(weight), 'how much of each adapter; may be negative'),
  base: baseOption,
  output: text(z.string(), 'directory of the new adapter'),
  combinationType: text(z.enum(combinationTypes).default('svd'), 'how; cat is exact, svd the closest of its rank'),
  svdRank: number(positive.optional(), 'rank that svd gives; the largest of the adapters by default'),
  density: number(z.number().gt(0).lte(1).optional(), 'share of numbers that ties, dare and magnitude_prune keep'),
  majoritySignMethod: text(z.enum(majoritySignMethods).default('total'), 'what ties elects signs by'),
  seed: number(z.number().int().nonnegative().default(0), 'seed of the numbers that dare drops'),
  ...reportOptions,
} as const;

/** `attune combine`: several LoRA adapters as one, as PEFT's `add_weighted_adapter` makes it. */
export async function combine(
  {
    adapters: paths,
    weights,
    base,
    output: path,
    json: _,
    svdRank,
    density,
    ...others
  }: Settings<typeof combineOptions>,
  { output, signal }: CommandContext,
): Promise<number> {
  const written = await newDirectory(path);
  const options = {
    ...others,
    weights,
    ...(svdRank === undefined ? {} : { svdRank }),
    ...(density === undefined ? {} : { density }),
  };
  const r = await interruptible(signal, async () => {
    const { loaded, warnings, directory } = await openSavedModel(paths[0]!, { base });
    for (const message of warnings) output.warn(message);
    const adapters: LoadedAdapter[] = [];
    for (const each of paths) {
      const storage = await modelStorage(each);
      const adapter = await loadAdapter(storage, loaded.model, { baseWeights: loaded.weights });
      await requireAdapterBase(storage, loaded);
      if (adapter.base !== adapters[0]?.base && adapters[0]) {
        output.warn(`${each} is for the base ${adapter.base}, ${paths[0]} for ${adapters[0].base}`);
      }
      adapters.push(adapter);
    }
    const combined = await combineAdapters(adapters, options);
    const file = await readAttuneFile(directory);
    await written((target) =>
      commitModel(target, async (draft) => {
        await combined.strategy.adapt(loaded.model).adapter?.save(draft, combined.weights, loaded.base);
        if (file) await writeAttuneFile(draft, file);
      }),
    );
    return combined.plan.config.r;
  });
  output.result({ output: path, r }, `${path} holds one adapter of rank ${r}, made of ${paths.join(', ')}`);
  return exitCodes.ok;
}
