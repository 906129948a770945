/** Routes of OpenAI's API for what no model here does, and what that is. */
export const missingRoutes: Readonly<Record<string, string>> = {
  '/v1/embeddings': 'makes embeddings',
  '/v1/audio/speech': 'speaks',
  '/v1/audio/translations': 'translates speech',
  '/v1/moderations': 'moderates',
};
