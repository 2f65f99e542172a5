/** What the Trainer takes for a model; @attune/models makes them, and core never imports it. */
import type { Storage } from '@attune/hub';
import type { HostTensor } from '@attune/ir';
import type { Model } from '../model.js';
import type { Objective } from '../objective.js';
import type { EncodingModel } from '../training-data.js';
import type { Evaluator } from './evaluator.js';
import type { TextTask } from './text-task.js';

/** A model with its weights. What is optional serves to leave options of the Trainer out, to save, and to answer. */
export interface TrainableModel<Answer = unknown, Input = string> extends EncodingModel {
  readonly model: Model;
  readonly weights: ReadonlyMap<string, HostTensor>;
  /** Parameters among the weights that began anew by the seed; the others came from a file. */
  readonly created?: readonly string[];
  /** What a user should know about its files; the Trainer tells it. */
  readonly warnings?: readonly string[];
  /** What training minimises where the trainer's options name nothing else. */
  readonly objective?: Objective;
  /** What evaluations measure where the trainer's options name nothing else. */
  readonly evaluator?: () => Evaluator;
  /** How an adapter calls this model, its base. */
  readonly base?: string;
  /** Writes a model directory in the layout of Hugging Face. @throws AttuneError `E_WEIGHTS_MISMATCH`, `E_DISK` */
  save?(target: Storage, weights: ReadonlyMap<string, HostTensor>): Promise<void>;
  /** Writes beside a model or an adapter what their own files do not say, such as the classes of an adapter. */
  describe?(target: Storage): Promise<void>;
  readonly text?: TextTask<Answer, Input>;
}
