/** Tracing: a model, its strategies and its objective become one program. */
import { AttuneError, type Program, ProgramBuilder, tensorType, type Value } from '@attune/ir';
import { type BatchTypes, inputNamesOf, type Model, type Values } from './model.js';
import type { Objective } from './objective.js';
import { hashName } from './random.js';
import { type DropoutSource, type LayerRewrite, type ParameterSpec, Scope } from './scope.js';

export interface TraceOptions {
  readonly model: Model;
  readonly batch: BatchTypes;
  readonly rewrites?: readonly LayerRewrite[];
}

/**
 * A traced program. Its inputs are named: parameters by their own names, batch fields `batch/<field>`, totals
 * `total/<count>` and, where dropout is active, `key` (u32[2], which differs in every step).
 */
export interface Traced {
  readonly program: Program;
  /** The parameters that the program reads, in the order it asked for them. */
  readonly parameters: readonly ParameterSpec[];
}

export const batchInput = (field: string): string => `batch/${field}`;
export const totalInput = (count: string): string => `total/${count}`;
export const KEY_INPUT = 'key';

export interface ForwardTraceOptions extends TraceOptions {
  /** Dropout on, as in training; off by default, as in evaluation and prediction. */
  readonly training?: boolean;
}

/** The forward program: outputs by the model's own names. */
export function traceForward({ model, batch, rewrites = [], training = false }: ForwardTraceOptions): Traced {
  return trace(`${model.architecture} forward`, batch, rewrites, training, (scope, inputs) =>
    model.forward(scope, pick(inputs, inputNamesOf(model))),
  );
}

export interface LossOptions extends TraceOptions {
  readonly objective: Objective;
  /** Dropout on, with a `key` input, where a rate is above 0. */
  readonly training: boolean;
  /** Whether dropout is active at a path; everywhere by default. */
  readonly dropoutAt?: (path: string) => boolean;
}

/** The loss program: output `loss`, then the model's own outputs. */
export function traceLoss({ model, batch, objective, rewrites = [], training, dropoutAt }: LossOptions): Traced {
  return trace(
    `${model.architecture} ${objective.name}`,
    batch,
    rewrites,
    training,
    (scope, inputs) => {
      const totals = Object.fromEntries(
        objective.countNames.map((name) => [name, scope.builder.input(totalInput(name), tensorType([]))]),
      );
      const outputs = model.forward(scope, pick(inputs, inputNamesOf(model)));
      return { loss: objective.loss(outputs, pick(inputs, objective.labelNames), totals), ...outputs };
    },
    dropoutAt,
  );
}

function trace(
  name: string,
  batch: BatchTypes,
  rewrites: readonly LayerRewrite[],
  training: boolean,
  body: (scope: Scope, inputs: Values) => Values,
  dropoutAt: (path: string) => boolean = () => true,
): Traced {
  const builder = new ProgramBuilder(name);
  const parameters: ParameterSpec[] = [];
  const inputs = Object.fromEntries(
    Object.entries(batch).map(([field, type]) => [field, builder.input(batchInput(field), type)]),
  );
  const scope = new Scope({
    builder,
    rewrites,
    dropout: training ? dropoutSource(builder, dropoutAt) : undefined,
    declare(spec) {
      parameters.push(spec);
      return builder.input(spec.name, spec.type);
    },
  });
  return { program: builder.finish(body(scope, inputs)), parameters };
}

/** Masks from the step's key; the input is declared only if some site needs it. */
function dropoutSource(builder: ProgramBuilder, active: (path: string) => boolean): DropoutSource {
  let key: Value | undefined;
  return (rate, site) => {
    if (!active(site.slice(0, site.lastIndexOf('/')))) return undefined;
    key ??= builder.input(KEY_INPUT, tensorType([2], 'u32'));
    return { key, rate, site: hashName(site) };
  };
}

function pick(values: Values, names: readonly string[]): Values {
  return Object.fromEntries(
    names.map((name) => {
      const value = values[name];
      if (!value) {
        throw new AttuneError('E_DATA', `The batch has no field "${name}"; it has ${Object.keys(values).join(', ')}.`, {
          field: name,
        });
      }
      return [name, value];
    }),
  );
}
