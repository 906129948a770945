import { z } from 'zod';
import { lengthShare } from '../dimensions.ts';
import { defineTask, hint, port } from '../task.ts';

export const automaticSpeechRecognition = defineTask({
  name: 'automatic-speech-recognition',
  title: 'Speech to text',
  summary: 'Writes down what is said in a recording.',
  seedWords: ['Audio to Text', 'Speech to Text'],
  inputs: { audio: port('audio', 'Recording', 'Speech as WAV, MP3, Ogg, FLAC, M4A or WebM; up to 30 minutes.') },
  outputs: {
    text: port('text', 'Text', 'What was said.'),
    segments: port('text', 'Segments', 'What was said when: a JSON list of segments and, where the model tells, words, with their times in seconds.', {
      required: false,
      listed: false,
    }),
  },
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
    prompt: hint(z.string().max(1000).optional(), {
      title: 'Words to expect',
      description: 'Names and words that may come, spelled as they should be written.',
      control: 'textarea',
      advanced: true,
    }),
    temperature: hint(z.number().min(0).max(1).optional(), {
      title: 'Temperature',
      description: '0 takes the likeliest words. Where the model doubts them, higher ones are tried by themselves.',
      control: 'slider',
      step: 0.1,
      advanced: true,
    }),
  }),
  work: (_parameters, { audio }) => lengthShare(audio),
  notice: (outputs) => (outputs.some(({ port: name, sizeBytes }) => name === 'text' && sizeBytes === 0) ? 'No speech was heard.' : null),
});
