import { attuneFailure } from '@attune/testing/attune-failure';
import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../memory-storage.js';
import { writeFile } from '../storage.js';
import { Survival } from '../testing/survives.js';
import { ChatTemplate, loadChatTemplate } from './chat-template.js';
import type { ChatMessage } from './messages.js';
import { strftime } from './worker/strftime.js';

const user = (content: string): ChatMessage => ({ role: 'user', content });
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content });
const conversation = [user(' Hi '), assistant('Hello\nthere'), user('é👍?'), assistant('')];

const template = (text: string) =>
  new ChatTemplate('model', new Map([['default', text]]), { bos_token: '<s>', eos_token: '</s>' });

async function rendered(text: string, messages: readonly ChatMessage[] = conversation, rest: object = {}) {
  const [first] = await template(text).render([{ messages, ...rest }]);
  return first;
}

// Texts and places are those of transformers 5.24 (places there are in code points).
describe('chat templates', () => {
  it('write what transformers writes, with the places of {% generation %}', async () => {
    const dashes = `{%- for message in messages %}
    {%- if message.role == 'assistant' %}
        {{- '<|im_start|>assistant\\n' }}
        {%- generation %}
        {{- message.content }}{{- '<|im_end|>' }}
        {%- endgeneration %}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' }}
    {%- endif %}
    {{- '\\n' }}
{%- endfor %}
`;
    expect(await rendered(dashes)).toEqual({
      text: '<|im_start|>user\n Hi <|im_end|>\n<|im_start|>assistant\nHello\nthere<|im_end|>\n<|im_start|>user\né👍?<|im_end|>\n<|im_start|>assistant\n<|im_end|>\n',
      generated: [
        [54, 75],
        [130, 140],
      ],
    });
    const blocks = `{% for m in messages %}
  {% if m['role'] == 'assistant' %}
    {% generation %}
A: {{ m['content'] }}
    {% endgeneration %}
  {% else %}
U: {{ m['content'] | trim }}
  {% endif %}
{% endfor %}
`;
    expect(await rendered(blocks)).toEqual({
      text: 'U: Hi\nA: Hello\nthere\nU: é👍?\nA: \n',
      generated: [
        [6, 21],
        [29, 33],
      ],
    });
  });

  it('have tools, calls of tools and special tokens', async () => {
    const text = `{{ bos_token }}{% if tools is not none %}{{ tools | tojson }}|{{ tools | tojson(indent=2) }}{% endif %}{% for m in messages %}{% if m.tool_calls is defined %}{% for c in m.tool_calls %}[{{ c.function.name }}({{ c.function.arguments | tojson }})]{% endfor %}{% else %}{{ m.role ~ ': ' ~ m.content }}{{ eos_token if not loop.last }}{% endif %}{% endfor %}`;
    const tools = [{ type: 'function', function: { name: 'f', description: '<é> & "q"', parameters: {} } }];
    const call = { type: 'function', function: { name: 'f', arguments: { x: 2.5, y: null, z: [true, 'é'] } } };
    const messages = [user('2?'), { role: 'assistant', tool_calls: [call] }, { role: 'tool', content: '4' }];
    expect((await rendered(text, messages, { tools }))?.text).toBe(
      `<s>${'[{"type": "function", "function": {"name": "f", "description": "<é> & \\"q\\"", "parameters": {}}}]'}|${JSON.stringify(tools, null, 2)}user: 2?</s>[f({"x": 2.5, "y": null, "z": [true, "é"]})]tool: 4`,
    );
  });

  it('take their variables, the time and the prompt of an answer', async () => {
    const text = "{{ strftime_now('%d %b %Y') }}{{ flavour }}{% if add_generation_prompt %}>{% endif %}";
    const [made] = await template(text).render([{ messages: [], variables: { flavour: '!' } }], {
      now: new Date(2026, 6, 4),
      addGenerationPrompt: true,
    });
    expect(made?.text).toBe('04 Jul 2026!>');
    expect(strftime(new Date(2026, 6, 4, 15, 5, 9), '%A %-d %B %y %I:%M:%S %p day %j %%Y %Q')).toBe(
      'Saturday 4 July 26 03:05:09 PM day 185 %Y %Q',
    );
  });

  it('are read from chat_template.jinja, tokenizer_config.json and named lists, with the special tokens', async () => {
    const storage = new MemoryStorage('m');
    const named = [
      { name: 'default', template: 'plain{{ eos_token }}' },
      { name: 'tool_use', template: 'tools' },
    ];
    const eos = { content: '</s>', lstrip: false };
    await writeFile(storage, 'tokenizer_config.json', JSON.stringify({ eos_token: eos, chat_template: named }));
    const both = await loadChatTemplate(storage);
    const texts = await both.render([{ messages: [] }, { messages: [], tools: [{}] }, { messages: [] }]);
    expect(texts.map(({ text }) => text)).toEqual(['plain</s>', 'tools', 'plain</s>']);
    expect(await attuneFailure(both.render([{ messages: [] }], { templateName: 'rag' }))).toMatchObject({
      code: 'E_TEMPLATE',
      message: 'm/tokenizer_config.json has no template "rag"; it has default, tool_use.',
    });
    await writeFile(storage, 'chat_template.jinja', 'file\n');
    const [file] = await (await loadChatTemplate(storage)).render([{ messages: [] }]);
    expect(file?.text).toBe('file');
    const [given] = await (await loadChatTemplate(storage, { template: 'given' })).render([{ messages: [] }]);
    expect(given?.text).toBe('given');
  });
});

describe('T11 templates that fail', () => {
  it('names what is missing or malformed, and the conversation that a template refuses', async () => {
    const bare = new MemoryStorage('base');
    expect(await attuneFailure(loadChatTemplate(bare))).toMatchObject({
      code: 'E_TEMPLATE',
      message: 'base has no chat template.',
      hint: expect.stringContaining('--chat-template FILE'),
    });
    await writeFile(bare, 'tokenizer_config.json', JSON.stringify({ chat_template: [{ name: 'default' }] }));
    expect(await attuneFailure(loadChatTemplate(bare))).toMatchObject({ code: 'E_TEMPLATE', field: 'chat_template' });
    for (const text of [
      '{% for m in messages %}',
      '{{ messages',
      '{% foo %}',
      '{{ 1 +',
      "{% include 'etc' %}",
      '{% endif %}',
    ]) {
      const error = await attuneFailure(rendered(text));
      expect(error, text).toMatchObject({ code: 'E_TEMPLATE', file: 'model' });
      expect(error.message).toMatch(/^model: the chat template cannot be read: /);
    }
    const strict = template("{% if messages[0].role != 'user' %}{{ raise_exception('Start with a user') }}{% endif %}");
    const many = Array.from({ length: 70 }, (_, index) => ({ messages: [index === 66 ? assistant('a') : user('u')] }));
    expect(await attuneFailure(strict.render(many))).toMatchObject({
      code: 'E_TEMPLATE',
      message: 'model: the chat template refuses conversation 67: Start with a user.',
      field: 'conversations[66]',
    });
  });

  it('T11 jinja-dos: ends templates that would take minutes or gigabytes, and goes on with others', async () => {
    const survival = new Survival();
    const own = template(
      '{% set x = namespace(t="0123456789") %}{% for i in range(60) %}{% set x.t = x.t ~ x.t %}{% endfor %}{{ x.t }}',
    );
    const hostile: Record<string, string> = {
      'a long range': '{% for i in range(1000000000) %}{% endfor %}',
      'nested loops': '{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}',
      'a deep nest': `{{ ${'('.repeat(20_000)}1${')'.repeat(20_000)} }}`,
      'a macro that calls itself': '{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}',
      '100 MB': `{% for i in range(1000000) %}${'a'.repeat(100)}{% endfor %}`,
      'long whitespace': `${' '.repeat(300_000)}x`,
    };
    for (const [name, text] of Object.entries(hostile)) {
      await survival.read(async () => {
        const error = await attuneFailure(template(text).render([{ messages: [] }], { budgetMilliseconds: 400 }));
        expect(error, name).toMatchObject({ code: 'E_TEMPLATE_BUDGET', file: 'model' });
      });
    }
    expect(await attuneFailure(own.render([{ messages: [] }]))).toMatchObject({ code: 'E_TEMPLATE_BUDGET' });
    for (const probe of ["''.constructor", 'messages.__proto__', "(1).constructor.constructor('return process')()"]) {
      const text = await rendered(`{{ ${probe} }}`).then(
        (made) => made?.text,
        (error) => error.code,
      );
      expect(['', 'E_TEMPLATE'], probe).toContain(text);
    }
    expect((await rendered('{{ messages | length }}'))?.text).toBe('4');
    expect((await rendered(`{{ ${"'a' ~ ".repeat(400)}'b' }}`))?.text).toBe(`${'a'.repeat(400)}b`);
  });
});
