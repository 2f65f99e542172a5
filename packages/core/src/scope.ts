import {
  AttuneError,
  type DropoutAttributes,
  dropout,
  type ProgramBuilder,
  type TensorType,
  tensorType,
  type Value,
} from '@attune/ir';
import type { Derivation, HostDerivation, Initializer } from './initializer.js';

/** A parameter that a trace asked for. */
export interface ParameterSpec {
  /** The full Hugging Face name, for instance `bert.encoder.layer.0.attention.self.query.weight`. */
  readonly name: string;
  readonly type: TensorType;
  /** How it starts if no weights hold it; absent if it must come from a file. */
  readonly initializer?: Initializer;
  /** How it starts from other parameters, in place of an initializer. */
  readonly derivation?: Derivation | HostDerivation;
  /** The kind of the layer that it belongs to; absent if it belongs to none. */
  readonly layerKind?: LayerKind;
  /** True for what training measures and no gradient changes, such as a running mean. */
  readonly isBuffer?: boolean;
  /** True for what no strategy can train: a part of a packed weight. */
  readonly isPacked?: boolean;
}

/** A matrix [rows, width] that is held in few bits: how a trace multiplies with it, and its numbers. */
export interface PackedWeight {
  /** x W^T, by what the scope of the weight's layer holds. */
  product(layer: Scope, x: Value, shape: readonly number[]): Value;
  /** All of it in f32. */
  values(layer: Scope, shape: readonly number[]): Value;
}

/** Layers with a weight of their own. */
export type WeightLayerKind = 'linear' | 'embedding' | 'layer_norm' | 'rms_norm';

/** A closed set: what treats kinds differently has a table of all of them, so that a new one does not compile without. */
export type LayerKind = WeightLayerKind | 'attention' | 'batch_norm' | 'convolution' | 'lstm';

/** A layer with a weight, as a strategy's rewrite sees one application of it. */
export interface WeightLayerCall {
  readonly kind: WeightLayerKind;
  /** The layer's own scope; its path names the layer. */
  readonly scope: Scope;
  readonly input: Value;
  /** Widths of the weight: `[out, in]` of a linear layer, `[rows, width]` of an embedding, `[width]` of a norm. */
  readonly shape: readonly number[];
  /** The row of an embedding that gets no gradient; null for none and for other layers. */
  readonly paddingIndex: number | null;
  /** The layer's weight, declared as the layer itself declares it. */
  readonly weight: () => Value;
  /** Its bias, declared likewise; absent if it has none. */
  readonly bias?: (() => Value) | undefined;
  /** The layer without this rewrite. */
  readonly base: (input: Value) => Value;
}

/** What attention reads: query, key and value [batch, heads, tokens, head width]. */
export interface AttentionInput {
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
  /** Added to the scores, [batch or 1, heads or 1, queries or 1, keys]. */
  readonly bias?: Value | undefined;
  /** bool, true where a query may attend; broadcasts as `bias` does. */
  readonly mask?: Value | undefined;
  /** Which of so many places in front of the first key a query may attend, shaped as `mask`; all if absent. */
  readonly frontMask?: ((places: number) => Value) | undefined;
}

/** Attention behind its projections. */
export interface AttentionCall {
  readonly kind: 'attention';
  readonly scope: Scope;
  readonly input: AttentionInput;
  /** `[heads, head width]` of keys and values. */
  readonly shape: readonly number[];
  readonly base: (input: AttentionInput) => Value;
}

/** What a layer's attention or MLP gave, behind dropout, and what it is added to. */
export interface ResidualInput {
  readonly output: Value;
  readonly residual: Value;
}

/** Where that is added, and normalized if the layer does so behind the sum: [.., width]. */
export interface ResidualCall {
  readonly kind: 'attention_residual' | 'mlp_residual';
  readonly scope: Scope;
  readonly input: ResidualInput;
  /** `[width]` of both. */
  readonly shape: readonly number[];
  readonly base: (input: ResidualInput) => Value;
}

/** One application of a layer. */
export type LayerCall = WeightLayerCall | AttentionCall | ResidualCall;

/** Replaces a layer's computation, or returns undefined to leave it alone. */
export type LayerRewrite = (call: LayerCall) => Value | undefined;

/** Dropout at one place: its rate and mask, which is a function of `key` and `site`. */
export interface SiteDropout extends DropoutAttributes {
  /** u32[2]. */
  readonly key: Value;
}

/** Decides over dropout in training; absent in evaluation. Returns undefined for sites without. */
export type DropoutSource = (rate: number, site: string) => SiteDropout | undefined;

/** Where a trace's scopes meet: parameters by name, the strategy's rewrites, the source of dropout. */
export interface ScopeRoot {
  readonly builder: ProgramBuilder;
  /** The parameter's value; called once per name. */
  readonly declare: (spec: ParameterSpec) => Value;
  readonly rewrites: readonly LayerRewrite[];
  readonly dropout: DropoutSource | undefined;
  /** The position of each row's first token, for models that number them; 0 by default. */
  readonly firstPosition?: number;
  /** Of weights that are held in few bits, by their names; none by default. */
  readonly packed?: (name: string) => PackedWeight | undefined;
  /** Takes the next value of a buffer, by its full name; absent if buffers stay as they are. */
  readonly onBuffer?: ((name: string, next: Value) => void) | undefined;
  /** Called each time a parameter is asked for, with its full name. */
  readonly onParameter?: ((name: string) => void) | undefined;
  /** The parameter that stands for one of that full name; itself by default. */
  readonly nameOf?: ((name: string) => string) | undefined;
}

/** A layer with a weight, as its function describes it. */
export interface WeightLayer extends Pick<WeightLayerCall, 'kind' | 'shape' | 'weight' | 'bias'> {
  /** Null by default. */
  readonly paddingIndex?: number | null;
  readonly compute: (input: Value) => Value;
}

/** A place in a model's tree of parameters, which a forward function reads through. */
export class Scope {
  readonly #root: ScopeRoot;
  readonly #declared: Map<string, Value>;
  readonly path: string;
  #layerKind: LayerKind | undefined;

  constructor(root: ScopeRoot, path = '', declared: Map<string, Value> = new Map()) {
    this.#root = root;
    this.path = path;
    this.#declared = declared;
  }

  /** The place above all others, for parameters that layers share. */
  get root(): Scope {
    return new Scope(this.#root, '', this.#declared);
  }

  get builder(): ProgramBuilder {
    return this.#root.builder;
  }

  /** The position of each row's first token: others may stand in front of it that only attention sees. */
  get firstPosition(): number {
    return this.#root.firstPosition ?? 0;
  }

  /** The same place for a pass whose rows begin at that position. */
  startingAt(firstPosition: number): Scope {
    return new Scope({ ...this.#root, firstPosition }, this.path, this.#declared);
  }

  /** The same place for a pass over packed weights. @param packed by their names from this place on */
  packing(packed: (name: string) => PackedWeight | undefined): Scope {
    const start = this.#join('').length;
    return new Scope({ ...this.#root, packed: (name) => packed(name.slice(start)) }, this.path, this.#declared);
  }

  /** The parameter `name` of this place, if it is held in few bits. */
  packedWeight(name: string): PackedWeight | undefined {
    return this.#root.packed?.(this.#join(name));
  }

  /** True where dropout is active. */
  get training(): boolean {
    return this.#root.dropout !== undefined;
  }

  child(name: string | number): Scope {
    return new Scope(this.#root, this.#join(String(name)), this.#declared);
  }

  /** The same place as that of a layer of this kind, which strategies do not rewrite. */
  ofKind(kind: LayerKind): Scope {
    const same = new Scope(this.#root, this.path, this.#declared);
    same.#layerKind = kind;
    return same;
  }

  /** The parameter `name` of this place, f32. Asking twice gives the same value: that is how weights are tied. */
  parameter(name: string, shape: readonly number[], start?: Initializer | Derivation | HostDerivation): Value {
    return this.#declare(
      name,
      tensorType(shape),
      start && ('from' in start ? { derivation: start } : { initializer: start }),
    );
  }

  /** A part of a packed weight, of whatever dtype; it does not train. */
  packedPart(name: string, type: TensorType): Value {
    return this.#declare(name, type, { isPacked: true });
  }

  /** As `parameter`, of what is saved with the parameters but measured in training: `updateBuffer` gives its next value. */
  buffer(name: string, shape: readonly number[], initializer: Initializer): Value {
    return this.#declare(name, tensorType(shape), { initializer, isBuffer: true });
  }

  /** The value of a buffer after this batch; while training only. */
  updateBuffer(name: string, next: Value): void {
    this.#root.onBuffer?.(this.#join(name), next);
  }

  #declare(name: string, type: TensorType, about: Partial<ParameterSpec> = {}): Value {
    const asked = this.#join(name);
    const full = this.#root.nameOf?.(asked) ?? asked;
    this.#root.onParameter?.(full);
    const known = this.#declared.get(full);
    if (known) return known;
    const value = this.#root.declare({
      name: full,
      type,
      ...about,
      ...(this.#layerKind ? { layerKind: this.#layerKind } : {}),
    });
    this.#declared.set(full, value);
    return value;
  }

  /** Dropout while training, x itself otherwise. The mask is a function of (seed, step, path, site). */
  dropout(x: Value, rate: number, site = 'dropout'): Value {
    const active = this.activeDropout(rate, site);
    return active ? dropout(x, active.key, { rate: active.rate, site: active.site }) : x;
  }

  /** What `dropout` applies, for ops that have it inside; undefined where there is none. @throws AttuneError `E_CONFIG` */
  activeDropout(rate: number, site = 'dropout'): SiteDropout | undefined {
    if (rate < 0 || rate >= 1) {
      throw new AttuneError('E_CONFIG', `The dropout rate at ${this.path} is ${rate}; it must be in [0, 1).`, {
        field: this.path,
      });
    }
    return rate === 0 ? undefined : this.#root.dropout?.(rate, `${this.path}/${site}`);
  }

  /** Computes a layer at this scope, through the strategies' rewrites (the last one outermost). */
  layer({ compute, ...layer }: WeightLayer, input: Value): Value {
    this.#layerKind = layer.kind;
    return this.#rewritten(input, compute, (given, base) => ({
      paddingIndex: null,
      ...layer,
      scope: this,
      input: given,
      base,
    }));
  }

  /** Computes attention at this scope, likewise. @param shape `[heads, head width]` of keys and values */
  attention(shape: readonly number[], input: AttentionInput, compute: (input: AttentionInput) => Value): Value {
    return this.#rewritten(input, compute, (given, base) => ({
      kind: 'attention',
      scope: this,
      shape,
      input: given,
      base,
    }));
  }

  /** Adds what attention or an MLP gave to its residual, likewise. @param compute the sum, or the norm of it */
  residual(kind: ResidualCall['kind'], input: ResidualInput, compute: (input: ResidualInput) => Value): Value {
    const shape = [input.residual.type.shape.at(-1)!];
    return this.#rewritten(input, compute, (given, base) => ({ kind, scope: this, shape, input: given, base }));
  }

  #rewritten<Input>(
    input: Input,
    compute: (input: Input) => Value,
    callOf: (input: Input, base: (input: Input) => Value) => LayerCall,
  ): Value {
    let base = compute;
    for (const rewrite of this.#root.rewrites) {
      const inner = base;
      base = (given) => rewrite(callOf(given, inner)) ?? inner(given);
    }
    return base(input);
  }

  #join(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}
