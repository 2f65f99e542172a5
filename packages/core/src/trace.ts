/** Tracing: a model, its strategies and its objective become one program. */
import { AttuneError, type Program, ProgramBuilder, tensorType, type Value } from '@attune/ir';
import { type BatchTypes, fieldsRead, type Model, type Values } from './model.js';
import {
  type FrozenModel,
  frozenPath,
  type LossContext,
  metricNamesOf,
  type Objective,
  withMetrics,
} from './objective.js';
import { namedValue } from './objectives/labels.js';
import { batchInput, carriedInput, KEY_INPUT, metricOutput, totalInput } from './port-names.js';
import { hashName } from './random.js';
import { type DropoutSource, type LayerRewrite, type ParameterSpec, Scope } from './scope.js';

interface TraceOptions {
  readonly model: Model;
  readonly batch: BatchTypes;
  readonly rewrites?: readonly LayerRewrite[];
}

/**
 * A traced program. Its inputs are parameters, batch fields, totals, the model's state and, where dropout is active, the key,
 * by the names of `port-names.ts`. What is an input and an output is carried from run to run.
 */
export interface Traced {
  readonly program: Program;
  /** The parameters that the program reads, in the order it asked for them. */
  readonly parameters: readonly ParameterSpec[];
}

/** The names of what a program carries from run to run: its inputs that are outputs too. */
export function carriedNames({ inputs, outputs }: Program): readonly string[] {
  const read = new Set(inputs.map(({ name }) => name));
  return outputs.map(({ name }) => name).filter((name) => read.has(name));
}

/** The types of the state that a model carries over batches of that kind; none for most models. */
export const stateTypes = ({ state }: Model, batch: BatchTypes): BatchTypes =>
  state?.({ batch: Object.values(batch)[0]?.shape[0] ?? 1 }) ?? {};

export interface ForwardTraceOptions extends TraceOptions {
  /** Dropout on, as in training; off by default, as in evaluation and prediction. */
  readonly training?: boolean;
}

/** The forward program: outputs by the model's own names. */
export function traceForward({ model, batch, rewrites = [], training = false }: ForwardTraceOptions): Traced {
  return traceProgram(`${model.architecture} forward`, batch, (place, fields) =>
    model.forward(
      place.scope({ rewrites, dropout: training ? place.dropout() : undefined }),
      pick(fields, fieldsRead(model, fields)),
    ),
  );
}

export interface LossOptions extends TraceOptions {
  readonly objective: Objective;
  /** Dropout on, with a `key` input, where a rate is above 0. */
  readonly training: boolean;
  /** Whether dropout is active at a path; everywhere by default. */
  readonly dropoutAt?: (path: string) => boolean;
  /** Parameters that train: a pass through the base must not have any. */
  readonly trainable?: ReadonlySet<string>;
}

/**
 * The loss program: output `loss`, then `metric/<name>` for each metric of the objective, then the model's own outputs, its
 * state as it is to be carried, and in training the next values of buffers under their own names.
 */
export function traceLoss({ batch, ...options }: LossOptions): Traced {
  const { model, objective, training } = options;
  const name = `${model.architecture} ${objective.name}`;
  return traceProgram(name, batch, (place, fields) => {
    const totals = Object.fromEntries(
      objective.countNames.map((count) => [count, place.builder.input(totalInput(count), tensorType([]))]),
    );
    const state = Object.fromEntries(
      Object.entries(stateTypes(model, batch)).map(([own, type]) => [
        own,
        place.builder.input(carriedInput(own), type),
      ]),
    );
    const buffers: Record<string, Value> = {};
    const forward = passes(options, place, fields, { state, buffers });
    const batchFields = pick(fields, objective.labelNames);
    const { loss, metrics } = withMetrics(objective.loss({ forward, batch: batchFields, training, totals }));
    const outputs = Object.entries(forward()).map(([own, value]) => [own in state ? carriedInput(own) : own, value]);
    return {
      loss,
      ...metricOutputs(objective.name, metricNamesOf(objective, training), metrics),
      ...Object.fromEntries(outputs),
      ...buffers,
    };
  });
}

type Passes = Omit<LossOptions, 'batch'>;

/** The passes of a loss, each computed once. */
function passes(
  { model, objective, rewrites, training, dropoutAt, trainable }: Passes,
  place: TracePlace,
  fields: Values,
  { state, buffers }: { readonly state: Values; readonly buffers: Record<string, Value> },
): LossContext['forward'] {
  const known = new Map<string, Values>();
  return (pass = {}) => {
    const { name = '', adapters = true, model: other, isTuned = false, inputs = fields } = pass;
    const read = Object.entries(inputs).map(([field, value]) => `${field}=${value.id}`);
    const key = JSON.stringify([name, adapters, other, isTuned, read]);
    const computed = known.get(key);
    if (computed) return computed;
    const isTrained = other === undefined && adapters;
    const own = isTrained ? model : (model.base ?? model);
    const frozen = other === undefined ? undefined : frozenModel(objective, other);
    const asked = frozen?.model ?? own;
    const isTraining = isTrained || isTuned;
    const kept = other === undefined ? '' : `${frozenPath(other)}.`;
    const scope = place.scope({
      path: other === undefined || isTuned ? '' : frozenPath(other),
      rewrites: isTraining && rewrites ? rewrites : [],
      dropout: training && isTraining ? place.dropout(dropoutAt, name) : undefined,
      ...(isTuned && frozen?.keeps
        ? { nameOf: (parameter: string) => (frozen.keeps?.has(parameter) ? `${kept}${parameter}` : parameter) }
        : {}),
      onBuffer: (buffer, next) => {
        if (training && isTrained && name === '' && inputs === fields) buffers[buffer] = next;
      },
      onParameter(parameter) {
        if (!adapters && trainable?.has(parameter)) throw trainsAlong(objective, parameter);
      },
    });
    const before = isTrained && inputs === fields ? state : {};
    const outputs = asked.forward(scope, { ...pick(inputs, fieldsRead(asked, inputs)), ...before });
    known.set(key, outputs);
    return outputs;
  };
}

const trainsAlong = ({ name }: Objective, parameter: string): AttuneError =>
  new AttuneError('E_STRATEGY', `${name} compares the model with its base, but the base's ${parameter} trains along.`, {
    field: parameter,
    hint: 'Train an adapter, such as LoRA, and nothing of the base.',
  });

function frozenModel({ name: objective, models = {} }: Objective, name: string): FrozenModel {
  const found = models[name];
  if (found) return found;
  const others = Object.keys(models).join(', ') || 'none';
  throw new AttuneError('E_PROGRAM', `${objective} has no model "${name}"; it has ${others}.`, { field: name });
}

function metricOutputs(objective: string, metricNames: readonly string[], metrics: Values): Values {
  const extra = Object.keys(metrics).find((name) => !metricNames.includes(name));
  if (extra !== undefined) {
    throw new AttuneError('E_PROGRAM', `${objective} returns the metric "${extra}", which its metricNames lack.`, {
      field: extra,
    });
  }
  return Object.fromEntries(metricNames.map((name) => [metricOutput(name), namedValue(metrics, name)]));
}

interface ScopeOptions {
  readonly path?: string;
  readonly rewrites: readonly LayerRewrite[];
  readonly dropout: DropoutSource | undefined;
  readonly onParameter?: (name: string) => void;
  readonly nameOf?: (parameter: string) => string;
  readonly onBuffer?: (name: string, next: Value) => void;
}

/** A program that is being traced: one set of parameters, whichever pass asks for them. */
export interface TracePlace {
  readonly builder: ProgramBuilder;
  scope(options: ScopeOptions): Scope;
  /** @param pass the masks are a function of it */
  dropout(active?: (path: string) => boolean, pass?: string): DropoutSource;
}

/** Traces any program over a model's scope. @param batch fields that become the inputs `batch/<field>` */
export function traceProgram(
  name: string,
  batch: BatchTypes,
  body: (place: TracePlace, fields: Values) => Values,
): Traced {
  const builder = new ProgramBuilder(name);
  const parameters: ParameterSpec[] = [];
  const declared = new Map<string, Value>();
  const fields = Object.fromEntries(
    Object.entries(batch).map(([field, type]) => [field, builder.input(batchInput(field), type)]),
  );
  const declare = (spec: ParameterSpec) => {
    parameters.push(spec);
    return builder.input(spec.name, spec.type);
  };
  let key: Value | undefined;
  const place: TracePlace = {
    builder,
    scope: ({ path = '', ...root }) => new Scope({ builder, declare, ...root }, path, declared),
    // The key is declared only if some site needs it.
    dropout:
      (active = () => true, pass = '') =>
      (rate, site) => {
        if (!active(site.slice(0, site.lastIndexOf('/')))) return undefined;
        key ??= builder.input(KEY_INPUT, tensorType([2], 'u32'));
        return { key, rate, site: hashName(pass === '' ? site : `${pass}:${site}`) };
      },
  };
  return { program: builder.finish(body(place, fields)), parameters };
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
