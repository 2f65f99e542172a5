/** A way from labelled texts to a classifier. */
import type { TextDataset, TextExample } from '@attune/data';
import type { Storage } from '@attune/hub';
import type { Backend, HostTensor } from '@attune/ir';
import type { EarlierTask } from './forgetting.js';

export interface Method {
  readonly name: string;
  /** As reports show it. */
  readonly title: string;
  /** Whether it starts from a pretrained model. */
  readonly needsModel: boolean;
  /** Whether it needs data of what the model was trained for before; false by default. */
  readonly needsGeneral?: boolean;
  /**
   * Trains a classifier.
   * @throws AttuneError if it cannot; the signal's reason
   */
  train(task: MethodTask): Promise<TrainedMethod>;
}

/** What a method trains on and with. */
export interface MethodTask {
  readonly examples: readonly TextExample[];
  /** Names of the classes, in the order of the probabilities. */
  readonly labels: readonly string[];
  readonly seed: number;
  readonly backend: Backend;
  /** The directory of the pretrained model; absent if there is none. */
  readonly model?: Storage | undefined;
  /** What the pretrained model was trained for before; absent if nothing shows it. */
  readonly earlier?: EarlierTask | undefined;
  /** Data of that; absent if there are none. */
  readonly general?: { readonly general: TextDataset; readonly isLabelled: boolean } | undefined;
  /** Tokens kept of each text; 128 by default. */
  readonly maxLength?: number | undefined;
  readonly signal: AbortSignal;
  /** Told from time to time. @param share of the training that is done, 0 to 1 */
  onProgress(share: number): void;
}

/** A trained classifier; to be disposed of. */
export interface TrainedMethod extends AsyncDisposable {
  readonly trainableParameters: number;
  /** What has to be kept of it beside what it started from, in bytes. */
  readonly storedBytes: number;
  /** The probabilities of the classes of each text. */
  probabilities(texts: readonly TextExample[]): Promise<readonly Float32Array[]>;
  /** The weights of the pretrained model after training, by its names; absent of what does not start from one. */
  tunedWeights?(): Promise<ReadonlyMap<string, HostTensor>>;
  /** Writes it, if it is a model that `openModel` opens. @param base what an adapter calls its base */
  save?(target: Storage): Promise<void>;
}
