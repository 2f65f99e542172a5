import type { Strategy } from '@attune/core';
import { fullRecipe } from '@attune/core/internal';

/** Full fine-tuning: every parameter of the model trains. */
export function full(): Strategy {
  return { name: 'full', recipe: fullRecipe, options: {}, adapt: () => ({ trainable: () => true }) };
}
