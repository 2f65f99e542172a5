/** The finished model or adapter of a trainer, with what describes it. */
import type { Storage } from '@attune/hub';
import { commitModel, removeModelDrafts } from '@attune/hub/internal';
import { AttuneError, type HostTensor } from '@attune/ir';
import { whileLocked } from '../checkpoint/locked.js';
import { describeModel } from '../describe-model.js';
import type { AdapterFormat } from '../strategy.js';
import type { TrainableModel } from './trainable-model.js';

export interface Finished {
  readonly model: Pick<TrainableModel, 'model' | 'base' | 'save' | 'describe'>;
  /** What a strategy saves in place of the model. */
  readonly adapter: AdapterFormat | undefined;
  readonly weights: () => Promise<ReadonlyMap<string, HostTensor>>;
  /** Whether this process holds the lock of the target. */
  readonly isLocked: boolean;
}

/** @throws AttuneError `E_CONFIG` for a model that cannot be saved, `E_LOCKED`, `E_DISK`, and as `weights` */
export async function saveFinished(target: Storage, { model, adapter, weights, isLocked }: Finished): Promise<void> {
  const { base } = model;
  if (adapter && base === undefined) throw unsavable('The adapter has no name for its base.');
  if (!adapter && !model.save) throw unsavable('The model has no files of its own.');
  const save = async () => {
    await removeModelDrafts(target);
    await commitModel(target, async (draft) => {
      if (adapter && base !== undefined) await adapter.save(draft, await weights(), base);
      else await model.save?.(draft, ownOf(model, await weights()));
      await model.describe?.(draft);
    });
  };
  if (isLocked) await save();
  else await whileLocked(target, save);
}

/** Without what strategies keep beside the model's parameters. */
function ownOf(
  { model }: Finished['model'],
  weights: ReadonlyMap<string, HostTensor>,
): ReadonlyMap<string, HostTensor> {
  const own = new Set(describeModel(model).parameters.map(({ name }) => name));
  return new Map([...weights].filter(([name]) => own.has(name)));
}

const unsavable = (hint: string): AttuneError =>
  new AttuneError('E_CONFIG', 'What was trained cannot be saved.', { field: 'model', hint });
