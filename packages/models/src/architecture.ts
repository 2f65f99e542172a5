import type { Encoder, Head } from '@attune/tasks';

/** One model family: how its configuration is read, its encoder, and what its files are like. */
export interface Architecture {
  readonly modelType: string;
  /** @throws AttuneError `E_CONFIG` that names the fields that are wrong */
  create(config: Readonly<Record<string, unknown>>, file: string): ArchitectureModel;
}

export interface ArchitectureModel {
  /** How transformers' classes for it begin: `Bert`. */
  readonly classPrefix: string;
  /** Its classes that are called otherwise, by how others end: `{ ForCausalLM: 'GPT2LMHeadModel' }`. */
  readonly classNames?: Readonly<Record<string, string>>;
  readonly encoder: Encoder;
  /** What config.json says about the shapes of weights, to be compared before anything is made of them. */
  readonly sizes: readonly SizeRule[];
  /** Names under which files may also hold a parameter: after its own one, unless that is among them. */
  aliases(name: string): readonly string[];
  /** As `Model.storesTransposed`. */
  readonly storesTransposed?: (name: string) => boolean;
  /** Whether a tensor of a file may be left alone by every task, such as a buffer. */
  mayBeUnused(name: string): boolean;
  /**
   * Whether a tensor of this name would be a part of the encoder; what is neither that nor a part of a head, such as the
   * weight of a loss, is left alone with a warning.
   */
  owns(name: string): boolean;
  /**
   * The name under which a tensor that the forward function does not read is saved again, because the task's
   * transformers class has it; undefined for those that are dropped.
   */
  carriedAs(name: string, head: Head): string | undefined;
}

/** A field of config.json that a file's tensors show as well. */
export interface SizeRule {
  readonly field: string;
  readonly expected: number;
  /** What the file's tensors say, undefined where they do not. */
  found(shapes: ReadonlyMap<string, readonly number[]>): number | undefined;
}
