/** What the head of a text classifier reads, if config.json says so; loaded for those that do. */
import type { ModelConfig } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { type ClassifierVector, classifierVectors } from '@attune/tasks';

/** @throws AttuneError `E_CONFIG` */
export function classifierVectorOf({ classifier_vector: field }: ModelConfig, file: string): ClassifierVector {
  const found = classifierVectors.find((each) => each === field);
  if (found !== undefined) return found;
  const message = `${file}: classifier_vector is ${JSON.stringify(field)}; it may be ${classifierVectors.join(' or ')}.`;
  throw new AttuneError('E_CONFIG', message, { file, field: 'classifier_vector' });
}
