/** Mixout (Lee et al. 2020, arXiv 1909.11299): dropout whose dropped weights are the pretrained ones in place of 0. */
import type { Derivation, Strategy } from '@attune/core';
import { describeModel, parseOptions } from '@attune/core/internal';
import { add, dropout, project, sub } from '@attune/ir';
import * as z from 'zod/mini';

const mixoutSchema = z.strictObject({
  /** How probable it is that a weight is its pretrained value in a step; 0.9 by default, the paper's best for little data. */
  probability: z._default(z.number().check(z.minimum(0), z.lt(1)), 0.9),
});

export type MixoutOptions = z.input<typeof mixoutSchema>;

/**
 * In each step a linear layer multiplies by u + dropout(w - u): the weights w, of which some are exchanged for the pretrained
 * ones u, and the mean is w. Layers that no file has, such as a new head, are left alone, and so are biases. The paper turns the
 * model's own dropout off (`dropout: { hidden: 0, attention: 0 }`). It leaves to other strategies what trains; alone,
 * everything does. The device holds the pretrained weights beside the others; they are not saved.
 * @throws AttuneError `E_CONFIG` for options that are wrong
 */
export function mixout(options: MixoutOptions = {}): Strategy {
  const name = 'mixout';
  const settings = parseOptions(mixoutSchema, options, name);
  return {
    name,
    options: settings,
    adapt(model, created = []) {
      const isMixed = new Set(
        describeModel(model).layers.flatMap(({ kind, path }) =>
          kind === 'linear' && !created.includes(`${path}.weight`) ? [path] : [],
        ),
      );
      return {
        claims: [...isMixed].map((path) => ({ path, by: name, isExclusive: true })),
        rewrite(call) {
          if (call.kind !== 'linear' || !isMixed.has(call.scope.path)) return undefined;
          const { scope, shape, input, bias } = call;
          const active = scope.activeDropout(settings.probability, name);
          if (!active) return undefined;
          const { key, ...attributes } = active;
          const pretrained = scope.parameter('mixout_pretrained', shape, copyOf(`${scope.path}.weight`));
          const mixed = add(pretrained, dropout(sub(call.weight(), pretrained), key, attributes));
          const product = project(input, mixed);
          return bias ? add(product, bias()) : product;
        },
        freezes: ({ name: parameter }) => parameter.endsWith('.mixout_pretrained'),
      };
    },
  };
}

const copyOf = (parameter: string): Derivation => ({ from: [parameter], compute: ([weight]) => weight! });
