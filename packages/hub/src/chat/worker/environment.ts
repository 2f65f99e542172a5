/** What a template finds beside its variables: Jinja's own names, and the functions that transformers adds. */
import { Environment } from '@huggingface/jinja';
import { strftime } from './strftime.js';

/** Numbers of a `range`: Jinja's sandbox has the same bound. */
const longestRange = 100_000;

/** @throws RangeError for a range of too many numbers */
function range(start: number, stop?: number, step = 1): readonly number[] {
  const [first, last] = stop === undefined ? [0, start] : [start, stop];
  const length = Math.max(0, Math.ceil((last - first) / step));
  if (!(length <= longestRange)) throw new RangeError(`a range has ${length} numbers`);
  return Array.from({ length }, (_, index) => first + index * step);
}

function refuse(reason: string): never {
  throw new Error(reason);
}

/** @param date what `strftime_now` shows */
export function environmentOf(variables: Readonly<Record<string, unknown>>, date: Date): Environment {
  const environment = new Environment();
  const names = {
    true: true,
    True: true,
    false: false,
    False: false,
    none: null,
    None: null,
    range,
    raise_exception: refuse,
    strftime_now: (format: string) => strftime(date, format),
    ...variables,
  };
  for (const [name, value] of Object.entries(names)) environment.set(name, value);
  return environment;
}
