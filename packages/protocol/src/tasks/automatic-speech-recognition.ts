import { z } from 'zod';
import { defineTask, hint, port } from '../task.ts';

export const automaticSpeechRecognition = defineTask({
  name: 'automatic-speech-recognition',
  title: 'Speech to text',
  summary: 'Writes down what is said in a recording.',
  seedWords: ['Audio to Text', 'Speech to Text'],
  inputs: { audio: port('audio', 'Recording', 'Speech as WAV, MP3, Ogg, FLAC, M4A or WebM; up to 30 minutes.') },
  outputs: { text: port('text', 'Text', 'What was said.') },
  parameters: z.object({
    language: hint(
      z
        .string()
        .regex(/^[a-z]{2,3}$/, 'use a code of two or three letters, such as en')
        .optional(),
      {
        title: 'Language',
        description: 'The language that is spoken, as an ISO 639 code; only for models that know several.',
        control: 'text',
        advanced: true,
      },
    ),
  }),
});
