import { describe, expect, test } from 'vitest';
import { type LoraOptions, parseLoraOptions } from '../lora.js';
import { layerScales } from '../low-rank.js';
import { defaultTargets, layerTest } from './targets.js';

const paths = [
  'bert.embeddings.word_embeddings',
  'bert.encoder.layer.0.attention.self.query',
  'bert.encoder.layer.0.attention.output.dense',
  'bert.encoder.layer.1.attention.self.query',
  'bert.encoder.layer.1.attention.self.value',
  'bert.encoder.layer.1.output.LayerNorm',
  'bert.encoder.layer.11.output.dense',
  'bert.pooler.dense',
  'classifier',
] as const;

const kindOf = (path: string) =>
  path.endsWith('embeddings') ? 'embedding' : path.endsWith('Norm') ? 'layer_norm' : 'linear';

function chosen(options: LoraOptions, modulesToSave: readonly string[] = ['classifier']): readonly number[] {
  const isTarget = layerTest({ targetModules: defaultTargets, ...parseLoraOptions(options) }, modulesToSave);
  return paths.flatMap((path, index) => {
    const kind = kindOf(path);
    return kind !== 'layer_norm' && isTarget({ path, kind }) ? [index] : [];
  });
}

describe('targets, as PEFT chooses them', () => {
  test.each<[string, LoraOptions, readonly number[]]>([
    ['query and value by default', {}, [1, 3, 4]],
    ['endings of paths', { targetModules: ['output.dense'] }, [2, 6]],
    ['endings at a dot only', { targetModules: ['ense', 'uery'] }, []],
    ['whole paths', { targetModules: ['bert.pooler.dense'] }, [7]],
    ['a regular expression over the whole path', { targetModules: '.*\\.1\\..*(query|value)' }, [3, 4]],
    ['not over a part of it', { targetModules: 'query' }, []],
    ['embeddings by name', { targetModules: ['word_embeddings'] }, [0]],
    ['all linear layers but the head', { targetModules: 'all-linear' }, [1, 2, 3, 4, 6, 7]],
    ['in any case', { targetModules: 'All-Linear' }, [1, 2, 3, 4, 6, 7]],
    ['without the excluded', { targetModules: 'all-linear', excludeModules: ['dense'] }, [1, 3, 4]],
    ['without those of a pattern', { targetModules: 'all-linear', excludeModules: '.*layer\\.\\d+\\..*' }, [7]],
    ['of some layers', { targetModules: ['query', 'dense'], layersToTransform: [1, 11] }, [3, 6]],
    ['of some layers behind a name', { targetModules: ['query'], layersToTransform: [0], layersPattern: 'layer' }, [1]],
    [
      'behind one of some names',
      { targetModules: ['query'], layersToTransform: [0], layersPattern: ['h', 'layer'] },
      [1],
    ],
    ['behind another name', { targetModules: ['query'], layersToTransform: [0], layersPattern: 'block' }, []],
    ['whole paths in any layer', { targetModules: [paths[1]], layersToTransform: [1] }, [1]],
  ])('%s', (_, options, expected) => {
    expect(chosen(options)).toEqual(expected);
  });

  test('all linear layers but the one that makes scores of tokens, which a name still reaches', () => {
    const [layer, output] = ['model.layers.0.self_attn.q_proj', 'lm_head'].map((path) => ({
      path,
      kind: 'linear' as const,
    }));
    for (const [targetModules, wanted] of [['all-linear', false] as const, [['lm_head', 'q_proj'], true] as const]) {
      const isTarget = layerTest(
        { targetModules: defaultTargets, ...parseLoraOptions({ targetModules }) },
        [],
        ['lm_head'],
      );
      expect([isTarget(layer!), isTarget(output!)]).toEqual([true, wanted]);
    }
  });

  test('never a module that is saved as a whole, nor what is in it', () => {
    expect(chosen({ targetModules: 'all-linear' }, ['pooler', 'classifier'])).toEqual([1, 2, 3, 4, 6]);
  });
});

test('rank and scale follow the patterns, which match ends of paths', () => {
  const settings = parseLoraOptions({
    r: 4,
    alpha: 8,
    rankPattern: { query: 2, 'layer.1.attention.self.value': 16 },
    alphaPattern: { '.*\\.1\\..*value': 4 },
  });
  const scaleOf = layerScales(settings);
  expect(scaleOf(paths[1])).toEqual({ rank: 2, scaling: 4 });
  expect(scaleOf(paths[4])).toEqual({ rank: 16, scaling: 0.25 });
  expect(scaleOf(paths[2])).toEqual({ rank: 4, scaling: 2 });
  expect(layerScales({ ...settings, rslora: true })(paths[4])).toEqual({ rank: 16, scaling: 1 });
});

describe('wrong options', () => {
  test.each<[LoraOptions, string]>([
    [{ r: 0 }, 'r'],
    [{ dropout: 1 }, 'dropout'],
    [{ targetModules: [] }, 'targetModules'],
    [{ targetModules: '(query' }, 'targetModules'],
    [{ targetModules: '(?=a)b' }, 'targetModules'],
    [{ excludeModules: '*' }, 'excludeModules'],
    [{ rankPattern: { '[': 2 } }, 'rankPattern'],
    [{ alphaPattern: { '(q)\\1': 2 } }, 'alphaPattern'],
    [{ targetModules: 'all-linear', layersToTransform: [0] }, 'layersToTransform'],
    [{ layersPattern: 'layer' }, 'layersPattern'],
    [{ adapterName: 'a.b' }, 'adapterName'],
  ])('%j', (options, field) => {
    expect(() => parseLoraOptions(options)).toThrow(expect.objectContaining({ code: 'E_CONFIG', field }));
  });

  test('a name that is no option gets the nearest one', () => {
    const options: object = { targetModule: ['query'] };
    expect(() => parseLoraOptions(options)).toThrow(/targetModule: is no option, did you mean targetModules\?/);
  });
});
