import { AttuneError, type Program } from '@attune/ir';
import type { BatchShape, Model } from './model.js';
import type { LayerCall, LayerRewrite, ParameterSpec } from './scope.js';
import { traceForward } from './trace.js';

/** A layer of a model, as strategies choose among them. */
export interface LayerInfo {
  readonly path: string;
  readonly kind: LayerCall['kind'];
  readonly shape: readonly number[];
}

/** What a model asks for and gives, whatever the batch. */
export interface ModelDescription {
  /** In the order of their use. */
  readonly layers: readonly LayerInfo[];
  /** In the order of their use. */
  readonly parameters: readonly ParameterSpec[];
  /** What the model computes in training, with its dropout rates, for one row of two tokens. */
  readonly program: Program;
}

/** Whatever the model, its smallest batch has an axis of rows and one of tokens. */
const smallest: BatchShape = { batch: 1, tokens: 2 };

const descriptions = new WeakMap<Model, ModelDescription>();

/**
 * Looks at a model by tracing it. What was seen of a model without rewrites is kept: describing it again is free.
 * @param rewrites of strategies: then it is the model under them
 */
export function describeModel(model: Model, rewrites?: readonly LayerRewrite[]): ModelDescription {
  if (rewrites) return traceDescription(model, rewrites);
  const known = descriptions.get(model);
  if (known) return known;
  const description = traceDescription(model, []);
  descriptions.set(model, description);
  return description;
}

function traceDescription(model: Model, rewrites: readonly LayerRewrite[]): ModelDescription {
  const layers = new Map<string, LayerInfo>();
  const record: LayerRewrite = ({ scope, kind, shape }) => {
    layers.set(scope.path, { path: scope.path, kind, shape });
    return undefined;
  };
  const { program, parameters } = traceForward({
    model,
    batch: model.inputs(smallest),
    rewrites: [record, ...rewrites],
    training: true,
  });
  return { layers: [...layers.values()], parameters, program };
}

/** How many numbers an output has for each row or token: its last axis. @throws AttuneError `E_PROGRAM` */
export function outputWidth(model: Model, output: string): number {
  const { program } = describeModel(model);
  const port = program.outputs.find(({ name }) => name === output);
  const width = port && program.types[port.value]?.shape.at(-1);
  if (width !== undefined) return width;
  const names = program.outputs.map(({ name }) => name).join(', ');
  throw new AttuneError('E_PROGRAM', `The model has no output "${output}"; it has ${names}.`, { field: output });
}
