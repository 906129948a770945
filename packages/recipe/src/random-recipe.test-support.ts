import type { RecipeDocument } from '@atelier/protocol';

/** Characters that some format gives a meaning to, and some of every length in UTF-8. */
const awkward = [
  '<',
  '>',
  '&',
  '"',
  "'",
  '\\',
  '\n',
  '\r',
  '\t',
  '\0',
  '\x7f',
  '\x85',
  ']]>',
  '&amp;',
  'é',
  '\u2028',
  '字',
  '\uffff',
  '\ud800',
  '🍎',
  ' ',
  'a',
  '</atelier:Recipe>',
];

export function randomText(random: () => number, length: number): string {
  return Array.from({ length }, () => awkward[Math.floor(random() * awkward.length)]).join('');
}

/** A recipe of two steps with texts of any characters. */
export function randomRecipe(random: () => number, textLength = 40): RecipeDocument {
  const seed = Math.floor(random() * 2 ** 32);
  const hash = Array.from({ length: 64 }, () => Math.floor(random() * 16).toString(16)).join('');
  const prompt = randomText(random, Math.floor(random() * textLength) + 1);
  return {
    atelier: 1,
    chain: {
      name: randomText(random, 5),
      inputs: { prompt: { modality: 'text' } },
      steps: [
        { id: 'draw', task: 'text-to-image', model: 'starter-diffusion', parameters: { seed, negative: prompt }, inputs: { prompt: ['inputs.prompt'] } },
        { id: 'film', task: 'image-to-video', parameters: { share: random() }, inputs: { image: ['draw.image'], prompt: [{ text: prompt }] } },
      ],
    },
    inputs: { prompt: { text: prompt }, other: { hash, mediaType: 'image/png', sizeBytes: seed } },
    modelHashes: { draw: { modelId: 'starter-diffusion', modelHash: hash } },
    result: { stepId: 'film', port: 'video', index: Math.floor(random() * 9) },
  };
}
