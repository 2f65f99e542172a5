import { newsTopics } from './news-topics.js';

const [shared = '../../../../shared'] = process.argv.slice(2);
const models = { en: 'all-minilm-l6-v2', zh: 'bge-small-zh-v1.5' } as const;
for (const language of ['en', 'zh'] as const) {
  const model = `${shared}/models/${models[language]}`;
  const { accuracy, macroF1 } = await newsTopics({
    model,
    data: `${shared}/data/sib200/sib200.csv`,
    language,
    epochs: 30,
  });
  console.log(language, { accuracy, macroF1 });
}
