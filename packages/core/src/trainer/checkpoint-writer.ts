/** Writes the checkpoints of a run; that of the best step may wait in memory until the next one is written. */
import type { Storage, TensorToWrite } from '@attune/hub';
import type { TensorType } from '@attune/ir';
import {
  type CheckpointContent,
  rotateCheckpoints,
  type SaveCheckpointOptions,
  saveCheckpoint,
} from '../checkpoint/save.js';
import { bytesOf } from './run-directory.js';
import { SaveBudget } from './save-budget.js';

export interface CheckpointWriterOptions extends SaveCheckpointOptions {
  readonly output: Storage;
  /** Checkpoints kept, beside the best one. */
  readonly limit: number;
}

export interface Written {
  /** What was written, in that order. */
  readonly written: readonly { readonly step: number; readonly path: string }[];
  /** What is left because the system did not let it be removed. */
  readonly warnings: readonly string[];
}

/** Bytes of a checkpoint that may wait in memory; a larger one is written at once. */
const HELD_BYTES = 2 ** 29;

export class CheckpointWriter {
  readonly budget = new SaveBudget();
  readonly #options: CheckpointWriterOptions;
  #held: CheckpointContent | undefined;

  constructor(options: CheckpointWriterOptions) {
    this.#options = options;
  }

  /** Whether a checkpoint of these tensors is small enough to wait in memory. */
  canHold(types: Iterable<TensorType>): boolean {
    return bytesOf(types) <= HELD_BYTES;
  }

  /** Keeps the content in memory, in place of what is held already. @throws what loading the tensors throws */
  async hold(content: CheckpointContent): Promise<void> {
    this.#held = {
      ...content,
      parameters: await inMemory(content.parameters),
      state: await inMemory(content.state),
    };
  }

  /**
   * Writes what is held, if that is still the best step, then the content.
   * @param best the step whose checkpoint is kept
   * @param rotates whether older checkpoints may go
   */
  async write(content: CheckpointContent, best: number, rotates: boolean): Promise<Written> {
    const { output, limit, ...options } = this.#options;
    const held = this.#held;
    this.#held = undefined;
    const contents = held && held.step === best && held.step < content.step ? [held, content] : [content];
    const written: { readonly step: number; readonly path: string }[] = [];
    const warnings: string[] = [];
    for (const each of contents) {
      const saved = await this.budget.spend(() => saveCheckpoint(output, each, options));
      written.push({ step: each.step, path: saved.path });
      warnings.push(...saved.warnings);
    }
    if (rotates) {
      warnings.push(...(await rotateCheckpoints(output, { limit, newest: content.step, keep: new Set([best]) })));
    }
    return { written, warnings };
  }
}

async function inMemory(tensors: readonly TensorToWrite[]): Promise<readonly TensorToWrite[]> {
  const loaded: TensorToWrite[] = [];
  for (const { name, type, load } of tensors) {
    const tensor = await load();
    loaded.push({ name, type, load: () => tensor });
  }
  return loaded;
}
