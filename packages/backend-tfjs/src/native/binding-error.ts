import type { AttuneError } from '@attune/ir';
import { unavailable } from '../flavours/flavour.js';
import type { Variant } from './installation.js';

/** The command that sets a variant up, or repairs it. It names the package: the name of the command alone is free on npm. */
export const setupCommand = (variant: Variant): string =>
  `npx --package @attune/backend-tfjs attune-tfjs-setup${variant === 'cuda' ? ' --cuda' : ''}`;

/** What the loader of shared libraries says, and what that means. */
const causes: readonly { readonly pattern: RegExp; readonly field: string; readonly problem: string }[] = [
  {
    pattern: /lib(cu|nv|nccl)\w*\.so[^:]*: cannot open shared object/,
    field: 'cuda',
    problem: 'A library of CUDA is missing',
  },
  {
    pattern: /libtensorflow\w*\.so[^:]*: cannot open shared object/,
    field: 'tensorflow',
    problem: 'The library of TensorFlow is missing',
  },
  {
    pattern: /undefined symbol|version .* not found/,
    field: 'tensorflow',
    problem: 'TensorFlow has another version than the binding was made for',
  },
];

/** The error for a binding that does not load. */
export function bindingError(variant: Variant, cause: unknown): AttuneError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const known = causes.find(({ pattern }) => pattern.test(message));
  const problem = known?.problem ?? 'The binding of TensorFlow is broken';
  return unavailable(`${problem}: ${message}.`, known?.field ?? 'binding', setupCommand(variant), cause);
}
